import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CredentialConfig } from '../../src/config/types.ts'
import { SECRET_FILE_MAX_BYTES } from '../../src/kernel/limits.ts'
import type { SecretSource } from '../../src/kernel/secret-source.ts'
import { SecretValue } from '../../src/kernel/secret-value.ts'
import { CredentialSecrets, type SecretsDeps } from '../../src/wiring/credential-secrets.ts'
import { FakeClock } from '../fakes/clock.ts'
import { RecordingLog } from '../fakes/log.ts'
import { SeededRandom } from '../fakes/random.ts'

/** A place where a secret is, and what can happen to it. */
export interface SecretSourceUnderTest {
  readonly source: SecretSource
  readonly env?: Readonly<Record<string, string>>
  /** Texts beside the secret that must not be shown either: tokens, keys. */
  readonly logins: readonly string[]
  /** The secret becomes this text. */
  write(value: string): Promise<void>
  /** The place is there, and has no such key; absent where it has no keys. */
  loseKey?(): Promise<void>
  /** What the key leads to is no text; absent where it has no keys. */
  writeNumber?(): Promise<void>
  /** Nothing is there at all. */
  remove(): Promise<void>
  /** Only of servers. */
  readonly server?: {
    /** Calls arrive, and are not answered. */
    hang(): void
    kill(): Promise<void>
    revive(): Promise<void>
    calls(): number
  }
  dispose(): Promise<void>
}

const SECRET = 'S3cr3t/Canary"ä+1'
const NEXT = 'N3xt/Canary"ö+2'
/** More than the longest wait between two looks: a minute and a tenth of it. */
const LOOK_MS = 67_000

/** What every source promises, wherever the secret is. */
export function describeSecretSource(
  name: string,
  setUp: () => Promise<SecretSourceUnderTest>,
  traits: { readonly isServer: boolean; readonly hasKeys: boolean; readonly changes: boolean },
): void {
  describe(`${name}:`, () => {
    let under: SecretSourceUnderTest
    let clock: FakeClock
    let log: RecordingLog
    let secrets: CredentialSecrets
    let forHeader: CredentialSecrets
    let kept: string[]

    beforeEach(async () => {
      under = await setUp()
      clock = new FakeClock()
      log = new RecordingLog()
      kept = []
      const said = log.events
      const deps: SecretsDeps = {
        clock,
        log,
        random: new SeededRandom(1),
        env: under.env ?? {},
        sourceTelemetry: {
          read: (...labels) => said.push({ level: 'debug', event: labels.join(), fields: {} }),
          fresh: (...labels) => said.push({ level: 'debug', event: labels.join(), fields: {} }),
        },
        keepSecret: (_, values) => kept.push(...values.map((value) => value.expose())),
      }
      secrets = new CredentialSecrets(configOf(under.source, false), deps)
      forHeader = new CredentialSecrets(configOf(under.source, true), deps)
    })
    afterEach(async () => {
      await secrets.close()
      await forHeader.close()
      await under.dispose()
      expectSilence(log, under)
    })

    /** The value, or the words that are said in its place, which show nothing. */
    const read = async (from = secrets): Promise<string> => {
      const found = await from.read('current')
      if (found instanceof SecretValue) return found.expose()
      const said = `refused: ${String(found?.message)}`
      for (const text of [SECRET, NEXT, ...under.logins]) {
        expect(said + inspect(found, { depth: 9, showHidden: true })).not.toContain(text)
      }
      return said
    }
    const changed = () => new Promise<void>((done) => secrets.watch(done))

    test('gives the value exactly, and tells of it so that it is never printed', async () => {
      await under.write(SECRET)
      expect(await read()).toBe(SECRET)
      expect(kept).toContain(SECRET)
      expect(kept).toEqual(expect.arrayContaining([...under.logins]))
    })

    test('one final newline is taken off, and no more', async () => {
      await under.write(`${SECRET}\n\n`)
      expect(await read()).toBe(`${SECRET}\n`)
    })

    test('what can not stand in a header is refused where a route writes it into one', async () => {
      await under.write(SECRET)
      expect(await read(forHeader)).toMatch(/^refused: .*can not stand in a header/)
    })

    test('what is not there is said', async () => {
      await under.remove()
      expect(await read()).toMatch(/^refused: ./)
    })

    test('an empty value is none', async () => {
      await under.write('')
      expect(await read()).toMatch(/^refused: .*is empty/)
    })

    if (traits.hasKeys) {
      test('a missing key is said', async () => {
        await under.write(SECRET)
        await under.loseKey?.()
        expect(await read()).toMatch(/^refused: .*(no such key|no member)/)
      })
      test('a number is no secret: it would lose digits', async () => {
        await under.writeNumber?.()
        expect(await read()).toMatch(/^refused: .*no text/)
      })
    }

    test('what is too large is not read', async () => {
      await under.write('x'.repeat(SECRET_FILE_MAX_BYTES + 1))
      // The environment has a limit of its own.
      if (under.source.kind !== 'env') expect(await read()).toMatch(/^refused: .*(longer|large)/)
    })

    if (!traits.changes) return
    test('a changed value is found while it runs', async () => {
      await under.write(SECRET)
      expect(await read()).toBe(SECRET)
      await under.write(NEXT)
      const told = traits.isServer ? changed() : Promise.resolve()
      await clock.advance(LOOK_MS)
      await told
      expect(await read()).toBe(NEXT)
    })

    if (!traits.isServer) return
    const server = () => {
      if (under.server === undefined) throw new Error('it has no server')
      return under.server
    }
    /** Waits on real sockets until it holds; a look that does not come ends in the test's own time. */
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) await new Promise((turn) => setImmediate(turn))
    }

    test('a slow server delays the first reader for 5 s, and nobody after it', async () => {
      await under.write(SECRET)
      server().hang()
      const reading = read()
      await until(() => server().calls() > 0)
      await clock.advance(5_000)
      expect(await reading).toMatch(/^refused: ./)
      expect(await read()).toMatch(/^refused: ./)
    })

    test('a dead server is said, and its value comes when it is back', async () => {
      await under.write(SECRET)
      await server().kill()
      expect(await read()).toMatch(/^refused: can not be reached/)
      await server().revive()
      const told = changed()
      await clock.advance(2_000)
      await told
      expect(await read()).toBe(SECRET)
    })

    test('a server that dies later takes nothing away', async () => {
      await under.write(SECRET)
      expect(await read()).toBe(SECRET)
      await server().kill()
      await clock.advance(LOOK_MS)
      await until(() => log.events.some(({ event }) => event === 'secret source not read'))
      expect(await read()).toBe(SECRET)
    })

    test('a value that vanishes, or gets too large, takes nothing away', async () => {
      await under.write(SECRET)
      expect(await read()).toBe(SECRET)
      await under.remove()
      await clock.advance(LOOK_MS)
      await until(() => log.events.some(({ event }) => event === 'secret source not read'))
      expect(await read()).toBe(SECRET)
    })

    test('it can be ended while the server hangs', async () => {
      server().hang()
      const reading = read()
      await until(() => server().calls() > 0)
      await secrets.close()
      expect(await reading).toMatch(/^refused: ./)
    })
  })
}

function configOf(source: SecretSource, fitsHeader: boolean): CredentialConfig {
  return {
    id: 'partner',
    providerName: 'static',
    options: {},
    account: '',
    publicValues: {},
    sources: { current: source, previous: null },
    managedBy: null,
    rotation: null,
    fitsHeader,
  }
}

function expectSilence(log: RecordingLog, { logins }: SecretSourceUnderTest): void {
  const said = JSON.stringify(log.events)
  for (const text of [SECRET, NEXT, ...logins]) {
    expect(said).not.toContain(JSON.stringify(text).slice(1, -1))
  }
}
