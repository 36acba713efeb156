import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { catalog } from '../../../../src/catalog.ts'
import { parseConfig } from '../../../../src/config/load-config.ts'
import { ConfigError } from '../../../../src/kernel/errors.ts'

const EXAMPLE = readFileSync('config/http-provider.yaml', 'utf8')

function issuesOf(text: string): readonly string[] {
  try {
    parseConfig(text, catalog, {})
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.issues.map(({ path, message, remedy }) => `${path}: ${message} — ${remedy}`)
  }
}

test('the example is valid, and knows its further secret', () => {
  const { credentials } = parseConfig(EXAMPLE, catalog, {})
  expect(credentials.map(({ account, sources }) => [account, sources.others])).toEqual([
    ['a1b2c3d4', undefined],
    ['acme-mail', { managementToken: { kind: 'file', path: '/run/secrets/mail-management' } }],
  ])
})

test.each([
  [
    'a placeholder that does not stand there',
    "json: { secret: '{value}' }",
    "json: { secret: '{valeu}' }",
    /api\.create\.json.*\{value\}/,
  ],
  ['a secret in a path', 'path: /v3/scopes', 'path: /v3/{secret}', /verify.*path/],
  ['a pointer without a slash', 'items: /result', 'items: result', /items.*JSON pointer/],
  [
    'a pattern that is none',
    'matches: maximum|limit',
    "matches: '('",
    /matches.*regular expression/,
  ],
  [
    'plain http',
    'baseUrl: https://api.sendgrid.com',
    'baseUrl: http://api.sendgrid.com',
    /baseUrl.*loopback/,
  ],
  [
    'neither a sent nor a told value',
    '        value: /api_key # where',
    '        # where',
    /create.*either send/,
  ],
  ['a token that is not given', /.*managementToken: \{ file.*\n/, '', /managementToken.*missing/],
  ['an unknown meaning', 'means: slots-full', 'means: slots-ful', /did you mean `slots-full`/],
])('%s is an error with its path', (_name, from, to, expected) => {
  const changed = EXAMPLE.replace(from, to)
  expect(changed).not.toBe(EXAMPLE)
  const issues = issuesOf(changed)
  expect(issues.join('\n')).toMatch(expected)
})

test('a class outside of its alphabet is an error', () => {
  const changed = EXAMPLE.replace("'0123456789']", "'#']")
  expect(issuesOf(changed).join('\n')).toMatch(/value.*alphabet/)
})
