import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { canaryForms } from '../unit/telemetry/canary.ts'
import type { SidekeyProcess } from './sidekey-process.ts'
import { BOOTSTRAP, KEY, raiseWorld, secretsEver, type World } from './world.ts'

const FAILURES = 2_000
const AT_ONCE = 25
const PRELOAD = pathToFileURL(join(import.meta.dirname, 'crash-with-secrets.mjs')).href

type Way = (world: World, sidekey: SidekeyProcess) => Promise<string>

const SMS = JSON.stringify({ from: 'Sidekey', to: '1', text: 'x', api_secret: 'placeholder' })
const asJson = { 'content-type': 'application/json' }

/** One way to fail per row: what the provider does, what the network does, what the caller does. */
const WAYS: readonly Way[] = [
  faulty({ kind: 'error', status: 500 }),
  faulty({ kind: 'throttle' }),
  faulty({ kind: 'lose-request' }),
  faulty({ kind: 'lose-answer' }),
  faulty({ kind: 'answer', status: 200, body: '{"messages":[{"status":"0"},{"status":"4"}]}' }),
  faulty({ kind: 'answer', status: 401, body: '{"title":"Unauthorized"}' }),
  faulty({ kind: 'answer', contentType: 'text/plain', body: 'x'.repeat(100_000) }),
  (_world, { proxy }) => ask(proxy, '/nowhere'),
  (_world, { proxy }) => ask(proxy, '/vonage/rest/a/%2e%2e/b'),
  (_world, { proxy }) => ask(proxy, '/vonage/rest/sms/json', { host: 'attacker.example' }),
  (_world, { proxy }) => ask(proxy, '/vonage/rest/sms/json', { origin: 'https://evil.example' }),
  (_world, { proxy }) => ask(proxy, '/vonage/rest/sms/json', asJson, 'POST', '{"a":'),
  (_world, { proxy }) => ask(proxy, '/vonage/rest/sms/json', {}, 'TRACE'),
  (_world, { proxy }) => ask(proxy, '/vonage/api/v1/calls', { authorization: 'Bearer e30.e30.x' }),
  (_world, { proxy }) =>
    sendBytes(proxy, 'POST /vonage/rest/sms/json HTTP/1.1\r\nHost: a b\r\n\r\n'),
  (_world, { proxy }) =>
    sendBytes(
      proxy,
      'POST /vonage/rest/sms/json HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{',
    ),
]

test('two thousand mixed failures and a crash at debug level show no secret', async () => {
  const world = await raiseWorld()
  const reports = world.home.path('reports')
  mkdirSync(reports)
  const sidekey = await world.start({
    NODE_OPTIONS: `--import=${PRELOAD} --report-uncaught-exception --report-on-fatalerror --report-directory=${reports}`,
    CANARY_FILE: world.home.path('vonage-secret'),
  })
  await sidekey.logged((line) => line.event === 'rotation waits' && line['phase'] === 'staged')
  const answers: string[] = []
  const fail = async (at: number) => WAYS[at % WAYS.length]?.(world, sidekey) ?? ''
  for (let done = 0; done < FAILURES; done += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, (_, index) => fail(done + index))
    answers.push(...(await Promise.all(batch)))
  }
  world.emulator.control.clearFaults()
  world.emulator.control.revoke(KEY, 'oldest')
  expect(await ask(sidekey.proxy, '/vonage/rest/account/get-balance')).toContain('10.28')
  const pages = [
    await sidekey.page('/metrics'),
    await sidekey.page('/'),
    await sidekey.page('/readyz'),
    await sidekey.api('GET', '/api/credentials'),
  ]
  expect(pages[0]?.text).toMatch(/^sidekey_requests_total\{.*\} [1-9]/m)

  sidekey.child.kill('SIGUSR2')
  expect(await sidekey.exited).toEqual({ code: 1, signal: null })
  const crash = await sidekey.logged((line) => line.event === 'uncaught error')
  expect(crash['stack']).toContain('crash-with-secrets.mjs')
  expect(crash['message']).toContain('[redacted]')

  expect(answers).toHaveLength(FAILURES)
  expectNoSecret(world, {
    output: sidekey.output,
    answers: answers.join('\n'),
    pages: pages.map(({ text }) => text).join('\n'),
    ...filesOutsideTheStore(world),
  })
})

test('a diagnostic report leaves out the environment, in which a secret may stand', async () => {
  const world = await raiseWorld()
  const path = world.home.path('sidekey.yaml')
  const reports = world.home.path('reports')
  mkdirSync(reports)
  const text = readFileSync(path, 'utf8')
  const fromFile = `{ file: ${world.home.path('vonage-secret')} }`
  world.home.write('sidekey.yaml', text.replace(fromFile, '{ env: VONAGE_SECRET }'))
  const sidekey = await world.start({
    VONAGE_SECRET: BOOTSTRAP,
    NODE_OPTIONS: `--report-on-signal --report-signal=SIGUSR2 --report-directory=${reports}`,
  })
  await sidekey.logged(
    ({ event, path: where }) => event === 'configuration' && where === 'credentials.vonage.secret',
  )
  await sidekey.logged((line) => line.event === 'rotation waits' && line['phase'] === 'staged')
  sidekey.child.kill('SIGUSR2')
  await expect.poll(() => readdirSync(reports), { timeout: 20_000 }).toHaveLength(1)
  expect((await sidekey.stop()).code).toBe(0)
  expectNoSecret(world, filesOutsideTheStore(world))
})

test.runIf(existsSync('/proc/self/environ'))(
  'its command line and environment hold no secret that was given by file',
  async () => {
    const world = await raiseWorld()
    const sidekey = await world.start()
    await sidekey.logged((line) => line.event === 'rotation waits' && line['phase'] === 'staged')
    const read = (what: string) => readFileSync(`/proc/${sidekey.child.pid}/${what}`, 'latin1')
    expect(read('cmdline')).toContain('serve')
    expectNoSecret(world, { cmdline: read('cmdline'), environ: read('environ') })
  },
)

function faulty(fault: Parameters<World['emulator']['control']['fault']>[0]): Way {
  return ({ emulator }, { proxy }) => {
    emulator.control.fault({ operation: 'sms.send', ...fault })
    return ask(proxy, '/vonage/rest/sms/json', asJson, 'POST', SMS)
  }
}

/** Status, fields and body as text; the error's name where there is no answer. */
function ask(
  proxy: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
  body?: string,
): Promise<string> {
  return new Promise((done) => {
    const sent = request({ host: '127.0.0.1', port: new URL(proxy).port, path, method, headers })
    sent.on('error', (error) => done(String(error)))
    sent.on('response', (response: IncomingMessage) => {
      let text = `${response.statusCode} ${response.rawHeaders.join('\n')}\n`
      response.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
      response.on('close', () => done(text))
    })
    sent.end(body)
  })
}

/** Sends bytes that are no whole request, and goes away. */
async function sendBytes(proxy: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(proxy).port), '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  socket.end(bytes)
  await closed
  return text
}

/** The store is encrypted, and the inputs are where the operator has put them. */
function filesOutsideTheStore({ home }: World): Readonly<Record<string, string>> {
  const files = readdirSync(home.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'vonage-secret')
    .map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(files.map((path) => [path, readFileSync(path, 'latin1')]))
}

function expectNoSecret(world: World, places: Readonly<Record<string, string>>): void {
  const secrets = secretsEver(world)
  expect(secrets.length).toBeGreaterThanOrEqual(2)
  for (const [place, text] of Object.entries(places)) {
    for (const secret of secrets) {
      const forms = Object.entries(canaryForms(secret)).filter(([, form]) => text.includes(form))
      expect(
        forms.map(([name]) => name),
        place,
      ).toEqual([])
    }
  }
}
