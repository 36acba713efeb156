import { expect, test } from 'vitest'
import { importEdges, sourceFiles } from './source-files.ts'

/** Files that send or store a secret, and so may take its text out. Adding one is a decision for a review. */
const EXPOSE: readonly string[] = [
  // Compares the admin token by its hash.
  'src/admin/guard.ts',
  // Sends the token, and the body of `adopt`.
  'src/cli/admin-client.ts',
  'src/cli/command.ts',
  // Remembers which secrets ever lived, to search for them.
  'src/cli/demo/stage.ts',
  // Looks whether it fits, wherever it was read.
  'src/config/secret-source.ts',
  'src/platform/fingerprint.ts',
  'src/providers/rest/rest-client.ts',
  // Joins and encodes what a call is made of.
  'src/providers/rest/secret-text.ts',
  // Compares a client's token by its hash.
  'src/proxy/authenticate-client.ts',
  'src/proxy/render-credential.ts',
  // Puts it where the caller wrote a placeholder.
  'src/proxy/substitute/substitute-request.ts',
  // Writes a token.
  'src/proxy/write-computed.ts',
  // Computes signatures.
  'src/signers/hmac/sign-hmac.ts',
  'src/signers/jwt/private-key.ts',
  'src/signers/parameters/sign-parameters.ts',
  'src/signers/sigv4/sign-aws-request.ts',
  'src/signers/sigv4/sigv4-signer.ts',
  // Log in where secrets are kept.
  'src/sources/aws/web-identity-session.ts',
  'src/sources/http-client.ts',
  'src/sources/vault/vault-session.ts',
  'src/stores/record-codec.ts',
  // Knows the forms that a log line must not have.
  'src/telemetry/secret-forms.ts',
]

/** A provider's name appears in its own folder, its emulator and nowhere else. */
const PROVIDER_NAMES = /vonage|nexmo|okta|twilio/i
const MAY_NAME_PROVIDERS =
  /^src\/(providers|emulator)\/|^src\/(catalog|main|cli\/(demo|emulator|help))/

const LINES_MAX = 250

const files = sourceFiles('src')
const holding = (pattern: RegExp, among = files) =>
  among.filter((file) => pattern.test(file.text)).map((file) => file.path)

test('it reads the source', () => {
  expect(files.length).toBeGreaterThan(10)
})

test("a secret's text is taken out only where it is sent or stored", () => {
  expect(holding(/\.expose\(\)/)).toEqual([...EXPOSE])
})

test('clocks, timers and randomness come through ports', () => {
  // A stream's own time limit is a method of that name: neither its call nor its definition makes a timer here.
  const pattern =
    /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|(?<!\.)\bset(Timeout|Interval)\((?!\w+: )|\bperformance\.now\(|\brandom(Bytes|Int|UUID)\(/
  expect(holding(pattern).filter((path) => !path.startsWith('src/platform/'))).toEqual([])
})

test('the environment is read in the configuration and at the process edge only', () => {
  const found = holding(/\bprocess\.env\b/)
  expect(found.filter((path) => path !== 'src/main.ts' && !path.startsWith('src/config/'))).toEqual(
    [],
  )
})

test("a provider's name appears in its own folder only", () => {
  const elsewhere = files.filter((file) => !MAY_NAME_PROVIDERS.test(file.path))
  expect(elsewhere.length).toBeGreaterThan(10)
  expect(holding(PROVIDER_NAMES, elsewhere)).toEqual([])
})

test('failure responses of the data plane come from rescue.ts', () => {
  const plane = files.filter((file) => file.path.startsWith('src/proxy/'))
  expect(holding(/problem\+json|sidekey-error/i, plane)).toEqual(['src/proxy/rescue.ts'])
})

test('there are no barrel files', () => {
  const barrels = files.filter(
    (file) => /(^|\/)index\.ts$/.test(file.path) || /^export \* from/m.test(file.text),
  )
  expect(barrels.map((file) => file.path)).toEqual([])
})

test('types and lint rules are not escaped', () => {
  expect(holding(/\bas any\b|: any\b|@ts-(ignore|expect-error)|oxlint-disable/)).toEqual([])
})

test('a file fits its reader', () => {
  const long = files.filter((file) => file.lines > LINES_MAX)
  expect(long.map((file) => `${file.path}: ${file.lines} lines`)).toEqual([])
})

test('nothing is imported that is not used in production', () => {
  const tests = files
    .flatMap((file) => importEdges(file))
    .filter((edge) => edge.to.startsWith('test/'))
  expect(tests).toEqual([])
})
