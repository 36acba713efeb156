import { spawnSync } from 'node:child_process'
import { afterEach, expect, test } from 'vitest'
import { startVonageEmulator } from '../../../src/emulator/vonage/start-vonage-emulator.ts'
import { CryptoRandom } from '../../../src/platform/crypto-random.ts'
import { SystemClock } from '../../../src/platform/system-clock.ts'
import { describeWithTools } from '../../tools/describe-with-tools.ts'
import { EVERYTHING, ROTATING } from './chart-values.ts'
import { only, renderChart, type Values } from './render-chart.ts'
import { mount, startSidekey } from './running-sidekey.ts'

const API_KEY = '12e45678'
const SECRET = 'aB3aB3aB3aB3aB3aB3aB3'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

describeWithTools('the running binary', ['helm-4', 'promtool'], (path) => {
  test('answers the rendered probes and scrape path, with metrics that promtool accepts', async () => {
    const manifests = renderChart(path('helm-4'), await emulated(EVERYTHING))
    const sidekey = await startSidekey(mount(manifests, { vonage: SECRET }))
    cleanups.push(() => sidekey.stop())
    const sms = new URLSearchParams({
      api_key: API_KEY,
      api_secret: 'placeholder',
      from: 'a',
      to: '447700900000',
      text: 'x',
    })
    const sent = await fetch(`${sidekey.proxy}/vonage/rest/sms/json`, { method: 'POST', body: sms })
    expect(await sent.json()).toMatchObject({ messages: [{ status: '0' }] })

    const { spec } = only(manifests, 'Deployment')['spec'].template
    const [container] = spec.initContainers
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      const answer = await fetch(`${sidekey.admin}${container[probe].httpGet.path}`)
      expect([probe, answer.status]).toEqual([probe, 200])
    }
    const [endpoint] = only(manifests, 'PodMonitor')['spec'].podMetricsEndpoints
    const scraped = await (await fetch(`${sidekey.admin}${endpoint.path}`)).text()
    expect(scraped).toMatch(/^sidekey_requests_total\{.*route="vonage".*\} 1$/m)
    const linted = spawnSync(path('promtool'), ['check', 'metrics'], {
      input: scraped,
      encoding: 'utf8',
    })
    expect(`${linted.stdout}${linted.stderr}`).toBe('')
    expect(linted.status).toBe(0)
  })

  test('ends with exit code 0 on SIGTERM', async () => {
    const manifests = renderChart(path('helm-4'), await emulated(ROTATING))
    const sidekey = await startSidekey(mount(manifests, { vonage: SECRET }))
    expect((await fetch(`${sidekey.admin}/readyz`)).status).toBe(200)
    expect(await sidekey.stop()).toBe(0)
  })
})

/** The same values, with an emulated provider and free ports on loopback. */
async function emulated(values: Values): Promise<Values> {
  const accounts = [{ key: API_KEY, secrets: [SECRET] }]
  const deps = { clock: new SystemClock(), random: new CryptoRandom() }
  const emulator = await startVonageEmulator({ accounts, ...deps })
  cleanups.push(() => emulator.close())
  const config = values['config'] as { credentials: { vonage: object } }
  const baseUrls = { api: emulator.url, rest: emulator.url }
  const vonage = { ...config.credentials.vonage, baseUrls }
  const listen = { proxy: { listen: '127.0.0.1:0' }, admin: { listen: '0.0.0.0:0' } }
  return { ...values, config: { ...config, ...listen, credentials: { vonage } } }
}
