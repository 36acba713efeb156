import { readFileSync } from 'node:fs'
import { request } from 'undici'
import { expect, onTestFinished } from 'vitest'
import {
  startVonageEmulator,
  type VonageEmulator,
} from '../../src/emulator/vonage/start-vonage-emulator.ts'
import { CryptoRandom } from '../../src/platform/crypto-random.ts'
import { SystemClock } from '../../src/platform/system-clock.ts'
import { SidekeyHome, SidekeyProcess } from './sidekey-process.ts'

export const MAIN = 'a1b2c3d4'
export const MARKETING = 'e5f6a7b8'
export const SUPPORT = 'c9d0e1f2'
/** Each credential of the configuration and its account. */
export const ACCOUNTS = [
  ['main', MAIN],
  ['marketing', MARKETING],
  ['support', SUPPORT],
] as const

const FIRST = 'Bootstrap1Secret-'

export interface Status {
  readonly phase: string
  readonly reason: string | null
  readonly lastRotationAt: string | null
  readonly versions: readonly { readonly stage: string; readonly id: string | null }[]
}

/** A primary and two secondaries at an emulator, and a folder with a configuration of all three. */
export class Family {
  readonly emulator: VonageEmulator
  readonly home: SidekeyHome

  constructor(emulator: VonageEmulator, home: SidekeyHome) {
    this.emulator = emulator
    this.home = home
  }

  /** Starts one and waits until it is ready; it is killed after the test, if it still runs. */
  async start(): Promise<SidekeyProcess> {
    const sidekey = await SidekeyProcess.start(this.home)
    onTestFinished(() => sidekey.kill())
    return sidekey
  }

  /** The rotation that the next process runs under. */
  rotate(before: string, after: string): void {
    const text = readFileSync(this.home.path('sidekey.yaml'), 'utf8')
    this.home.write('sidekey.yaml', text.replaceAll(before, after))
  }

  /** Ids that the provider has of an account. */
  liveIds(account: string): readonly string[] {
    const found = this.emulator.control.state().accounts.find(({ key }) => key === account)
    return (found?.secrets ?? []).flatMap(({ id, live }) => (live ? [id] : [])).toSorted()
  }

  /** Calls to the secrets of an account, probes included, as the emulator saw them. */
  managementCalls(account: string) {
    const path = `/accounts/${account}/secrets`
    return this.emulator.control.requests().filter((call) => call.path.startsWith(path))
  }
}

/** `supportSecret: false`: nobody here knows the secret that the account has. */
export async function raiseFamily(
  rotation: string,
  { supportSecret = true }: { readonly supportSecret?: boolean } = {},
): Promise<Family> {
  const emulator = await startVonageEmulator({
    accounts: [{ key: MAIN, secrets: [`${FIRST}main`] }],
    secondaries: [
      { key: MARKETING, primary: MAIN, secrets: [`${FIRST}marketing`] },
      { key: SUPPORT, primary: MAIN, secrets: [`${FIRST}support`] },
    ],
    clock: new SystemClock(),
    random: new CryptoRandom(),
  })
  onTestFinished(() => emulator.close())
  const named = ACCOUNTS.filter(([id]) => id !== 'support' || supportSecret)
  const home = new SidekeyHome(
    Object.fromEntries(named.map(([id]) => [`${id}-secret`, `${FIRST}${id}`])),
  )
  onTestFinished(() => home.remove())
  const hosts = ['api', 'rest', 'video', 'eu'].map((alias) => `${alias}: ${emulator.url}`)
  const entries = ACCOUNTS.map(([id, account]) => {
    const secret = named.some(([one]) => one === id)
      ? `secret: { file: ${home.path(`${id}-secret`)} }, `
      : ''
    const manager = id === 'main' ? '' : 'managedBy: main, '
    const rest = `baseUrls: { ${hosts.join(', ')} }, rotation: ${rotation}`
    return `  ${id}: { provider: vonage, apiKey: ${account}, ${manager}${secret}${rest} }`
  })
  home.write(
    'sidekey.yaml',
    `proxy: { listen: 127.0.0.1:0 }
admin: { listen: 127.0.0.1:0, tokenFile: ${home.path('admin-token')} }
store: { type: file, directory: ${home.path('store')}, keyFile: ${home.path('store-key')} }
credentials:
${entries.join('\n')}
routes:
${ACCOUNTS.map(([id]) => `  - { preset: vonage, credential: ${id} }`).join('\n')}
`,
  )
  return new Family(emulator, home)
}

export async function statusOf(sidekey: SidekeyProcess, id: string): Promise<Status> {
  return (await sidekey.api('GET', `/api/credentials/${id}`)).json()
}

/** Ids of the versions that Sidekey knows; all are bound once a rotation rests. */
export function idsOf({ versions }: Status): readonly string[] {
  return versions.flatMap(({ id }) => id ?? []).toSorted()
}

/** Every live secret of the account is in the record, and the other way round. */
export async function expectKnown(family: Family, sidekey: SidekeyProcess): Promise<void> {
  for (const [id, account] of ACCOUNTS) {
    const status = await statusOf(sidekey, id)
    expect(status.phase).toBe('staged')
    expect(idsOf(status)).toEqual(family.liveIds(account))
  }
}

/** The status of a request of the app, and Sidekey's own word where it refused it. */
export async function ask(
  sidekey: SidekeyProcess,
  id: string,
): Promise<readonly [number, string | null]> {
  const answer = await request(`${sidekey.proxy}/${id}/rest/account/get-balance`)
  await answer.body.dump()
  const error = answer.headers['sidekey-error']
  return [answer.statusCode, typeof error === 'string' ? error : null]
}
