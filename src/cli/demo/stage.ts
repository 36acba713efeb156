import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { startVonageEmulator } from '../../emulator/vonage/start-vonage-emulator.ts'
import type { SecretValue } from '../../kernel/secret-value.ts'
import { DemoChild, jsonLine } from './child.ts'
import { sumMetric } from './figures.ts'
import type { DemoDeps } from './run-demo.ts'

/** Where an app of the demo sends its calls, and as whom. */
interface AppTarget {
  readonly apiHost: string
  readonly restHost: string
  readonly apiKey: string
  readonly apiSecret: string
}

/** What the live table shows of Sidekey. */
interface Look {
  readonly replays: number
  readonly rotations: number
  readonly phase: string
  readonly versions: readonly string[]
  /** Whether Sidekey knows a second secret that works: while it makes the next one, an account of two has one. */
  readonly hasFallback: boolean
}

/** Everything that the app needs around it: an emulated provider and a Sidekey of its own, in a folder of their own. */
export interface DemoStage {
  readonly directory: string
  readonly pid: number
  /** The app's side: a placeholder. */
  readonly throughSidekey: AppTarget
  /** The yardstick's side: an account of its own, whose secret nobody rotates. */
  readonly direct: AppTarget
  look(): Promise<Look>
  /** As somebody in the provider's dashboard would. How many were revoked. */
  revokeBehindItsBack(): number
  secretsEver(): readonly SecretValue[]
  /** All that Sidekey has printed, at debug level. */
  output(): string
  pages(): Promise<readonly (readonly [string, string])[]>
  /** The store is encrypted and may hold anything; the bootstrap secret is where the operator put it. */
  mayHoldSecrets(path: string): boolean
  close(): Promise<void>
}

const ACCOUNT = 'a1b2c3d4'
const YARDSTICK_ACCOUNT = 'c0ffee00'

/** Starts the emulator in this process and Sidekey as a child, as a user would run it. */
export async function raiseStage(
  { rotateSeconds }: { readonly rotateSeconds: number },
  { clock, random, self }: DemoDeps,
): Promise<DemoStage> {
  const newSecret = () => `Demo1${random.id().slice(0, 18)}`
  const bootstrap = newSecret()
  const yardstick = newSecret()
  const emulator = await startVonageEmulator({
    accounts: [
      { key: ACCOUNT, secrets: [bootstrap] },
      { key: YARDSTICK_ACCOUNT, secrets: [yardstick] },
    ],
    clock,
    random,
  })
  const directory = mkdtempSync(join(tmpdir(), 'sidekey-demo-'))
  const token = random.id()
  writeFiles(directory, {
    'vonage-secret': bootstrap,
    'admin-token': token,
    'store-key': random.id() + random.id(),
    'sidekey.yaml': configuration(directory, emulator.url, rotateSeconds),
  })
  const config = join(directory, 'sidekey.yaml')
  const sidekey = new DemoChild('sidekey', self, [
    'serve',
    '--config',
    config,
    '--log-level',
    'debug',
  ])
  const close = async () => {
    await sidekey.stop()
    await emulator.close()
    rmSync(directory, { recursive: true })
  }
  const ready = await readiness(sidekey).catch(async (error: unknown) => {
    // Or the emulator would keep this process alive.
    await close()
    throw error
  })
  const proxy = `http://${String(ready['proxy'])}`
  const admin = `http://${String(ready['admin'])}`
  const get = async (path: string) => {
    const headers = { authorization: `Bearer ${token}` }
    return (await request(admin + path, { headers })).body.text()
  }
  const ever = new Map<string, SecretValue>()
  const remember = () => {
    for (const value of emulator.control.values(ACCOUNT)) ever.set(value.expose(), value)
  }
  return {
    directory,
    pid: sidekey.process.pid ?? 0,
    throughSidekey: {
      apiHost: `${proxy}/vonage/api`,
      restHost: `${proxy}/vonage/rest`,
      apiKey: ACCOUNT,
      apiSecret: 'placeholder',
    },
    direct: {
      apiHost: emulator.url,
      restHost: emulator.url,
      apiKey: YARDSTICK_ACCOUNT,
      apiSecret: yardstick,
    },
    look: async () => {
      remember()
      const [metrics, status] = await Promise.all([get('/metrics'), get('/api/credentials/vonage')])
      return {
        replays: sumMetric(metrics, 'sidekey_replays_total', { outcome: 'replayed' }),
        rotations: sumMetric(metrics, 'sidekey_rotations_total', { result: 'succeeded' }),
        ...phaseAndVersions(status),
      }
    },
    revokeBehindItsBack: () => {
      emulator.control.revoke(ACCOUNT)
      return 1
    },
    secretsEver: () => {
      remember()
      return [...ever.values()]
    },
    output: () => sidekey.output,
    pages: async () => [
      ['metrics', await get('/metrics')],
      ['status page', await get('/')],
      ['admin API', await get('/api/credentials')],
    ],
    mayHoldSecrets: (path) => path.endsWith('vonage-secret'),
    close,
  }
}

function readiness(sidekey: DemoChild): Promise<Readonly<Record<string, unknown>>> {
  return sidekey.waitFor((line) => {
    const event = jsonLine(line)
    return event?.['event'] === 'sidekey is ready' ? event : null
  })
}

function writeFiles(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, name), text, { mode: 0o600 })
  }
}

/** From `verified` until the old secret is about to end. */
const PHASES_OF_TWO: ReadonlySet<string> = new Set(['verified', 'staged', 'promoted'])

function phaseAndVersions(status: string): Pick<Look, 'phase' | 'versions' | 'hasFallback'> {
  const { phase, versions } = JSON.parse(status) as {
    phase: string
    versions: readonly { stage: string; fingerprint: string }[]
  }
  return {
    phase,
    versions: versions.map((v) => `${v.stage} ${v.fingerprint.slice(0, 6)}`),
    hasFallback: PHASES_OF_TWO.has(phase),
  }
}

function configuration(directory: string, emulator: string, rotateSeconds: number): string {
  return `proxy: { listen: 127.0.0.1:0 }
admin: { listen: 127.0.0.1:0, tokenFile: ${directory}/admin-token }
store: { type: file, directory: ${directory}/store, keyFile: ${directory}/store-key }
credentials:
  vonage:
    provider: vonage
    apiKey: ${ACCOUNT}
    secret: { file: ${directory}/vonage-secret }
    baseUrls: { api: ${emulator}, rest: ${emulator} }
    rotation: { every: ${rotateSeconds}s, jitter: 0%, drain: 1s, standby: hot, revokeBootstrap: auto }
routes:
  - preset: vonage
    credential: vonage
`
}
