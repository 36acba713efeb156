import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import {
  type OktaEmulator,
  startOktaEmulator,
} from '../../src/emulator/okta/start-okta-emulator.ts'
import { CryptoRandom } from '../../src/platform/crypto-random.ts'
import { SystemClock } from '../../src/platform/system-clock.ts'
import { SidekeyHome, SidekeyProcess } from './sidekey-process.ts'
import { endAll } from './world.ts'

const APP = '0oa1planted2app3'
const FIRST = 'Planted1FirstClientSecret'
const TOKEN = 'Planted0ManagementToken'
const WAIT = { timeout: 60_000, interval: 100 }
const FAST = '{ every: 3s, jitter: 0%, drain: 500ms, revokeBootstrap: auto }'

const endings: (() => Promise<unknown>)[] = []

afterEach(() => endAll(endings))

test('tokens are renewed and revoked, secrets rotate, the endpoint fails for a while: no request does', async () => {
  const { emulator, sidekey } = await raise(15_000)
  const traffic = startTraffic(sidekey)
  await vi.waitFor(async () => expect(await rotations(sidekey)).toBeGreaterThanOrEqual(1), WAIT)
  // All at once: what is cached for the other secret is dead too.
  emulator.revokeTokens()
  await vi.waitFor(async () => expect(await rotations(sidekey)).toBeGreaterThanOrEqual(2), WAIT)
  emulator.fault({ operation: 'token', kind: 'error', status: 503, times: 2 })
  await vi.waitFor(async () => expect(await rotations(sidekey)).toBeGreaterThanOrEqual(3), WAIT)
  const statuses = await traffic.stop()
  expect([...statuses.keys()], explain(sidekey)).toEqual([200])
  expect(statuses.get(200)).toBeGreaterThan(300)
  const asked = sidekey.output.split('\n').filter((line) => line.includes('token obtained'))
  expect(asked.length).toBeGreaterThanOrEqual(4)
  expect(asked.length).toBeLessThan(30)
  const page = await sidekey.page('/metrics')
  expect(page.text).toMatch(
    /^sidekey_provider_calls_total\{credential="crm",operation="token",outcome="issued"\} [1-9]/m,
  )
  // The revoked ones were seen, and healed.
  expect(page.text).toMatch(/^sidekey_replays_total\{route="crm",outcome="replayed"\} [1-9]/m)
  for (const secret of await secretsOf(emulator)) {
    expect(sidekey.output).not.toContain(secret)
    expect(page.text).not.toContain(secret)
  }
  expect(sidekey.output).not.toContain('eyJraWQ')
  expect((await sidekey.stop()).code).toBe(0)
})

async function raise(tokenLifetimeMs: number) {
  const emulator = await startOktaEmulator({
    appId: APP,
    clientId: APP,
    secrets: [FIRST],
    managementToken: TOKEN,
    clock: new SystemClock(),
    random: new CryptoRandom(),
    tokenLifetimeMs,
  })
  endings.push(() => emulator.close())
  const home = new SidekeyHome({ crm: FIRST, 'okta-token': TOKEN })
  endings.push(async () => home.remove())
  home.write(
    'sidekey.yaml',
    `proxy: { listen: 127.0.0.1:0 }
admin: { listen: 127.0.0.1:0, tokenFile: ${home.path('admin-token')} }
store: { type: file, directory: ${home.path('store')}, keyFile: ${home.path('store-key')} }
credentials:
  crm:
    provider: okta
    orgUrl: ${emulator.url}
    clientId: ${APP}
    managementToken: { file: ${home.path('okta-token')} }
    secret: { file: ${home.path('crm')} }
    rotation: ${FAST}
routes:
  - upstream: ${emulator.url}
    credential: crm
    inject: { oauth2: { tokenUrl: ${emulator.url}/oauth2/v1/token, scope: things } }
`,
  )
  const sidekey = await SidekeyProcess.start(home)
  endings.push(() => sidekey.kill())
  return { emulator, sidekey }
}

function startTraffic(sidekey: SidekeyProcess) {
  const statuses = new Map<number, number>()
  const state = { isOver: false }
  const workers = [0, 1, 2, 3].map(async (worker) => {
    for (let sent = 0; !state.isOver; sent++) {
      const method = sent % 2 === 0 ? 'GET' : 'POST'
      const body = method === 'POST' ? 'a body' : null
      const answer = await fetch(`${sidekey.proxy}/crm/resource/${worker}`, { method, body })
      await answer.arrayBuffer()
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      await pause(5)
    }
  })
  return {
    stop: async () => {
      state.isOver = true
      await Promise.all(workers)
      return statuses
    },
  }
}

async function rotations(sidekey: SidekeyProcess): Promise<number> {
  const { text } = await sidekey.page('/metrics')
  const found = /^sidekey_rotations_total\{credential="crm",result="succeeded"\} (\d+)$/m.exec(text)
  return Number(found?.[1] ?? 0)
}

async function secretsOf(emulator: OktaEmulator): Promise<readonly string[]> {
  const answer = await fetch(`${emulator.url}/api/v1/apps/${APP}/credentials/secrets`, {
    headers: { authorization: `SSWS ${TOKEN}` },
  })
  const listed = (await answer.json()) as readonly { readonly client_secret: string }[]
  return listed.map((secret) => secret.client_secret)
}

/** What a failing run is understood by. */
function explain({ output }: SidekeyProcess): string {
  return output
    .split('\n')
    .filter((line) => /request refused|token not|secret version/.test(line))
    .slice(0, 20)
    .join('\n')
}
