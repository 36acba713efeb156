import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { freePort } from '../free-ports.ts'
import { runCli, SidekeyHome, SidekeyProcess } from './sidekey-process.ts'

const SECRET = 'S3cret-canary-Aa0Bb1Cc2'
const seen: string[] = []
const upstream = createServer((request, response) => {
  seen.push(`${request.url} ${request.headers.authorization}`)
  response.end('answer')
})
let home: SidekeyHome
let sidekey: SidekeyProcess | null = null
beforeEach(() => {
  home = new SidekeyHome({ secret: SECRET })
})
afterEach(async () => {
  await sidekey?.stop()
  sidekey = null
  upstream.close()
  home.remove()
})

function configure(port: number, hosts: string, authority = 'ca'): void {
  const { port: upstreamPort } = (upstream.address() ?? { port: 1 }) as AddressInfo
  home.write(
    'sidekey.yaml',
    `proxy: { listen: 127.0.0.1:${port}, forward: true, connect: { intercept: true }, ca: { directory: '${authority}' } }
admin: { listen: 127.0.0.1:0, tokenFile: admin-token }
store: { directory: store, keyFile: store-key }
credentials: { partner: { provider: static, secret: { file: secret } } }
routes:
  - name: partner
    match: { host: [${hosts}] }
    upstream: http://127.0.0.1:${upstreamPort}
    credential: partner
    inject: { bearer: '{secret}' }
`,
  )
}

test('a client that hard-codes https is started with what it needs, before and after a reload', async () => {
  await new Promise<void>((done) => upstream.listen(0, '127.0.0.1', done))
  const port = await freePort()
  configure(port, 'one.example')
  const config = ['--config', home.path('sidekey.yaml')]

  const printed = await runCli(['ca', ...config])
  expect(new X509Certificate(printed.out).subject).toMatch(/Sidekey local authority/)
  const variables = await runCli(['env', '--json', ...config])
  expect(variables.out + variables.err + printed.out).not.toContain(SECRET)
  expect(JSON.parse(variables.out)).toMatchObject({ SSL_CERT_FILE: home.path('ca/trust.pem') })

  sidekey = await SidekeyProcess.start(home)
  const script =
    'fetch(process.argv[1]).then((r) => r.text()).then(console.log, (e) => { console.log(String(e.cause)); process.exit(7) })'
  const get = (url: string) => runCli(['run', ...config, '--', process.execPath, '-e', script, url])
  expect(await get('https://one.example/a?b')).toMatchObject({ code: 0, out: 'answer\n' })
  expect(seen).toEqual([`/a?b Bearer ${SECRET}`])
  expect(await get('https://two.example/')).toMatchObject({ code: 7 })

  configure(port, 'one.example, two.example')
  expect((await sidekey.api('POST', '/reload')).status).toBe(200)
  expect(await get('https://two.example/c')).toMatchObject({ code: 0, out: 'answer\n' })
  expect(await get('http://one.example/d')).toMatchObject({ code: 0, out: 'answer\n' })

  configure(port + 1, 'one.example')
  expect((await sidekey.api('POST', '/reload')).status).toBe(422)
  expect(sidekey.output).not.toContain(SECRET)

  // The key of the authority, readable by others: nothing starts.
  await sidekey.stop()
  chmodSync(home.path('ca/ca.key'), 0o644)
  configure(port, 'one.example')
  const refused = await runCli(['ca', ...config])
  expect(refused).toMatchObject({ code: 78, err: expect.stringContaining('ca.key') })
  chmodSync(home.path('ca/ca.key'), 0o600)
  const sealed = readFileSync(home.path('ca/ca.key'))
  writeFileSync(home.path('ca/ca.key'), sealed.fill(0, sealed.length - 4))
  expect(await runCli(['ca', ...config])).toMatchObject({ code: 1 })
})

test('the variables are printed for a shell, a pod and a compose file alike', async () => {
  configure(8080, 'one.example', '$(X) $Y')
  const inherited = { NO_PROXY: '', no_proxy: '', JAVA_TOOL_OPTIONS: '', PHP_INI_SCAN_DIR: '' }
  const env = (argv: readonly string[], more = {}) =>
    runCli(['env', '--config', home.path('sidekey.yaml'), ...argv], { ...inherited, ...more })
  const unescaped = (entries: readonly (readonly [string, string])[]) =>
    Object.fromEntries(entries.map(([name, value]) => [name, value.replaceAll('$$', '$')]))
  const expected: unknown = JSON.parse((await env(['--json'])).out)
  expect(expected).toMatchObject({ SSL_CERT_FILE: home.path('$(X) $Y/trust.pem') })

  const k8s: unknown = parse((await env(['--k8s'])).out)
  const list = z.array(z.strictObject({ name: z.string(), value: z.string() })).parse(k8s)
  expect(unescaped(list.map(({ name, value }) => [name, value]))).toEqual(expected)
  const compose: unknown = parse((await env(['--compose'])).out)
  const file = z.strictObject({ environment: z.record(z.string(), z.string()) }).parse(compose)
  expect(unescaped(Object.entries(file.environment))).toEqual(expected)
  expect(file.environment['SSL_CERT_FILE']).toContain('$$(X) $$Y')
  const script = `${(await env([])).out}\nprintf %s "$SSL_CERT_FILE"`
  const shell = await promisify(execFile)('sh', ['-c', script])
  expect(shell.stdout).toBe(home.path('$(X) $Y/trust.pem'))

  const own = { JAVA_TOOL_OPTIONS: '-Xmx1m', NO_PROXY: 'here.example' }
  expect((await env(['--json'], own)).out).toMatch(/-Xmx1m[^]*here|here[^]*-Xmx1m/)
  for (const format of ['--k8s', '--compose']) {
    expect((await env([format], own)).out).not.toMatch(/-Xmx1m|here\.example/)
  }
  expect(await env(['--k8s', '--json'])).toMatchObject({ code: 64 })
})

test('a command that is run gets a placeholder where its environment holds a secret of ours', async () => {
  home.write(
    'sidekey.yaml',
    `store: { directory: store, keyEnv: STORE_KEY }
credentials:
  partner:
    provider: static
    current: { vault: { address: 'https://vault.example', path: p, key: k, token: { env: VAULT_TOKEN } } }
    previous: { env: PARTNER_PREVIOUS }
routes: [{ name: partner, upstream: 'https://api.partner.example', credential: partner, inject: { bearer: '{secret}' } }]
`,
  )
  const run = ['run', '--config', home.path('sidekey.yaml'), '--', process.execPath, '-p']
  const secrets = { STORE_KEY: SECRET, VAULT_TOKEN: SECRET, PARTNER_PREVIOUS: SECRET }
  const shown = await runCli([...run, 'JSON.stringify(process.env)'], { ...secrets, OTHER: 'kept' })
  expect(shown.code, shown.err).toBe(0)
  expect(shown.out + shown.err).not.toContain(SECRET)
  expect(shown.err).toMatch(/PARTNER_PREVIOUS.*placeholder/)
  const placeholder = { STORE_KEY: 'placeholder', VAULT_TOKEN: 'placeholder' }
  expect(JSON.parse(shown.out)).toMatchObject({ ...placeholder, OTHER: 'kept' })

  const without = await runCli([...run, 'JSON.stringify(process.env)'])
  expect(JSON.parse(without.out)).not.toHaveProperty('STORE_KEY')
})
