import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadConfig, parseConfig } from '../../../src/config/load-config.ts'
import { ConfigError } from '../../../src/kernel/errors.ts'
import { fakeCatalog } from '../../fakes/catalog.ts'

const SECRET = 'S3cr3tCanary'

/** Every place of a file where a user could write a secret by mistake, quoted and not. */
const TEMPLATE = `version: ?
log: { level: ? }
proxy:
  listen: ?
  replayBodyMax: ?
  clients: [{ name: ?, tokenFile: ?, routes: [?] }]
admin: { listen: ?, tokenFile: ? }
store: { type: ?, directory: ?, keyFile: ?, keyEnv: ? }
credentials:
  acme:
    provider: ?
    apiKey: ?
    secret: ?
    baseUrls: { api: ? }
    managedBy: ?
    rotation: { every: ?, jitter: ?, drain: ?, standby: ?, revokeBootstrap: ? }
  other: { provider: mounted, current: { file: ? }, previous: { env: ? }, rotation: ? }
  third: ?
routes:
  - { preset: ?, credential: ?, name: ?, allow: ? }
  - { preset: acme, credential: ?, allow: [{ methods: [?], paths: [?] }] }
  - name: ?
    match: { pathPrefix: ?, host: ? }
    upstream: ?
    insecure: ?
    credential: other
    inject: { header: ?, format: ? }
    authFailure: [{ status: ?, json: ?, xml: ?, in: ?, notIn: [?] }]
  - { upstream: https://a.example, credential: other, inject: { basic: { username: ?, password: ? } } }
  - { upstream: https://b.example, credential: other, inject: [{ json: { /a: ? } }, { query: ? }] }
  - ?
`
const PLACES = TEMPLATE.split('?').length - 1

/** The ways in which a value may stand there; most are wrong nearly everywhere. */
const FORMS: readonly string[] = [
  SECRET,
  `"${SECRET}"`,
  `{ ${SECRET} }`.replace(SECRET, `file: ${SECRET}`),
  `[${SECRET}]`,
  `*${SECRET}`,
  `!${SECRET} x`,
  `&${SECRET} x`,
  `"https://user:${SECRET}@a.example"`,
  `"{${SECRET}}"`,
  `"${SECRET}`,
  `%${SECRET}`,
  `"${SECRET}\\n"`,
  `@${SECRET}`,
  `${SECRET}: x: y`,
]
const HARMLESS: readonly string[] = ['x', '1', '5s', '"{secret}"', '/a', 'acme', '[]', 'true', '']

function messagesOf(text: string): string {
  try {
    parseConfig(text, fakeCatalog, {})
    return ''
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return error instanceof ConfigError ? JSON.stringify([error.message, error.issues]) : ''
  }
}

test('no issue holds a value of the file, wherever and however it stands', () => {
  const value = fc.oneof(fc.constantFrom(...FORMS), fc.constantFrom(...HARMLESS))
  fc.assert(
    fc.property(fc.array(value, { minLength: PLACES, maxLength: PLACES }), (values) => {
      const rest = [...values]
      const text = TEMPLATE.replaceAll('?', () => rest.shift() ?? '')
      expect(messagesOf(text)).not.toContain(SECRET)
    }),
    { numRuns: 500 },
  )
})

test('each place by itself, in each form', () => {
  let refused = 0
  for (let place = 0; place < PLACES; place++) {
    for (const form of FORMS) {
      let index = 0
      const text = TEMPLATE.replaceAll('?', () => (index++ === place ? form : 'x'))
      const messages = messagesOf(text)
      expect(messages).not.toContain(SECRET)
      if (messages !== '') refused++
    }
  }
  expect(refused).toBe(PLACES * FORMS.length)
})

test('a secret that was written as a key below `secret:` is not named', () => {
  const text = `credentials: { a: { provider: mounted, secret: { ${SECRET} } } }`
  expect(messagesOf(text)).toContain('credentials.a.secret')
  expect(messagesOf(text)).not.toContain(SECRET)
})

test('a file that does not exist is not named by its content or its path', async () => {
  const loading = loadConfig(`/nowhere/${SECRET}`, fakeCatalog, {})
  const error = await loading.catch((error: unknown) => error)
  expect(error).toMatchObject({
    issues: [{ path: '', line: null, message: 'the file does not exist' }],
  })
  expect(JSON.stringify(error)).not.toContain(SECRET)
})
