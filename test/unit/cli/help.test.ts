import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { asksForHelp, COMMAND_NAMES, helpOf, helpOfAll } from '../../../src/cli/help.ts'

test('every command that main.ts knows has its help, and no other', () => {
  const source = readFileSync(new URL('../../../src/main.ts', import.meta.url), 'utf8')
  const table = /COMMANDS: [^]*?\n}\n/.exec(source)?.[0] ?? ''
  const known = [...table.matchAll(/^ {2}(?:async )?([a-z]+)[:(]/gm)].map(([, name = '']) => name)
  expect(known.length).toBeGreaterThan(15)
  expect(known.toSorted()).toEqual(COMMAND_NAMES.toSorted())
})

test('the help names every command once, in lines that fit', () => {
  const help = helpOfAll()
  for (const name of COMMAND_NAMES) expect(help).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
  for (const text of [help, ...COMMAND_NAMES.map((name) => helpOf(name) ?? '')]) {
    expect(text.split('\n').filter((line) => line.length > 102)).toEqual([])
  }
})

test('each command tells its forms, its options and the exit codes', () => {
  expect(helpOf('rotate')).toMatch(
    /^usage: sidekey rotate CREDENTIAL \[--emergency \[--compromised WHAT\]\] \[--dry-run\]\n/,
  )
  expect(helpOf('rotate')).toMatch(/--token-file FILE[^]*Exit codes: 0 done/)
  expect(helpOf('wait')).not.toContain('--token-file')
  expect(helpOf('rotaet')).toBeNull()
})

test.each([
  ['status', ['--help'], true],
  ['status', ['vonage', '-h'], true],
  ['status', ['vonage'], false],
  ['run', ['--config', 'f', '--', 'ls', '--help'], false],
  ['run', ['--help', '--', 'ls'], true],
  ['emulator', ['--help'], true],
  ['emulator', ['vonage', '--help'], false],
])('%s %j asks for help: %s', (name, argv, expected) => {
  expect(asksForHelp(name, argv)).toBe(expected)
})
