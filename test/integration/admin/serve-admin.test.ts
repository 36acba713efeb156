import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { serveAdmin } from '../../../src/admin/serve-admin.ts'
import { ADMIN_BODY_MAX_BYTES } from '../../../src/kernel/limits.ts'
import { AdminWorld, TOKEN, told } from '../../unit/admin/admin-world.ts'
import { OperatorWorld } from './operator-world.ts'

/** Sends bytes and gives what comes back until the connection ends. */
function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    // No end of its own: node:http would give up an answer that takes longer, such as the first one of the app.
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => (answer += chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })
}

const head = (method: string, path = '/livez', ...fields: string[]) =>
  [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', ...fields, '', ''].join(
    '\r\n',
  )

test.each([
  ['TRACE', /^HTTP\/1\.1 405 /],
  ['TRACK', /^HTTP\/1\.1 (400|405) /],
  ['FOO', /^HTTP\/1\.1 (400|405) /],
  ['OPTIONS', /^HTTP\/1\.1 405 /],
  ['CONNECT', /^(HTTP\/1\.1 4\d\d |$)/],
])('%s gets no answer but a refusal, and the port lives on', async (method, expected) => {
  await using world = await OperatorWorld.start()
  expect(await exchange(world.server.port, head(method))).toMatch(expected)
  expect(await exchange(world.server.port, head('GET'))).toMatch(/^HTTP\/1\.1 200 /)
})

test.each([
  [
    'a header beyond 16 KiB',
    head('GET', '/livez', `X-Long: ${'x'.repeat(17_000)}`),
    /^HTTP\/1\.1 431 /,
  ],
  ['no Host', 'GET /livez HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
  [
    'content length and chunks',
    head('POST', '/reload', 'Content-Length: 1', 'Transfer-Encoding: chunked'),
    /^HTTP\/1\.1 400 /,
  ],
  [
    'a body beyond the limit, in chunks',
    `${head('POST', '/reload', 'Transfer-Encoding: chunked')}20000\r\n${'x'.repeat(0x20000)}\r\n0\r\n\r\n`,
    /^HTTP\/1\.1 401 /,
  ],
])('%s is refused', async (_name, bytes, expected) => {
  await using world = await OperatorWorld.start()
  expect(await exchange(world.server.port, bytes)).toMatch(expected)
  expect(await exchange(world.server.port, head('GET'))).toMatch(/^HTTP\/1\.1 200 /)
  expect(world.admin.reloads).toBe(0)
})

const authorised = (path: string, ...fields: string[]) =>
  head('POST', path, `Authorization: Bearer ${TOKEN}`, ...fields)
const chunked = (body: string) => `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`

test.each([
  ['no length and no body, as curl -X POST sends it', authorised('/api/credentials/vonage/pause')],
  [
    'chunks',
    authorised(
      '/api/credentials/vonage/pause',
      'Transfer-Encoding: chunked',
      'Content-Type: application/json',
    ) + chunked('{}'),
  ],
])('a command with %s is carried out', async (_name, bytes) => {
  await using world = await OperatorWorld.start()
  expect(await exchange(world.server.port, bytes)).toMatch(/^HTTP\/1\.1 202 /)
  expect(world.admin.control.commands).toEqual([
    { credentialId: 'vonage', command: { kind: 'pause' } },
  ])
})

test('a body beyond the limit is refused in chunks too, whoever sends it', async () => {
  await using world = await OperatorWorld.start()
  const bytes =
    authorised('/reload', 'Transfer-Encoding: chunked') +
    chunked('x'.repeat(ADMIN_BODY_MAX_BYTES + 1))
  expect(await exchange(world.server.port, bytes)).toMatch(/^HTTP\/1\.1 413 /)
  expect(world.admin.reloads).toBe(0)
})

test('a path that a parser might bend reaches nothing', async () => {
  await using world = await OperatorWorld.start()
  for (const path of [
    '/api/../api/credentials',
    '//api/credentials',
    '/%61pi/credentials',
    '/api%2fcredentials',
    'http://evil.example/api/credentials',
  ]) {
    expect(await exchange(world.server.port, head('GET', path)), path).toMatch(
      /^HTTP\/1\.1 (4\d\d) /,
    )
  }
})

test('a port that is taken rejects, naming it', async () => {
  await using world = await OperatorWorld.start()
  const { deps } = world.admin
  const again = serveAdmin({ deps, host: '127.0.0.1', port: world.server.port })
  await expect(again).rejects.toThrow(
    `EADDRINUSE: address already in use 127.0.0.1:${world.server.port}`,
  )
})

test('closing lets the answer in flight finish, and cuts an idle connection', async () => {
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  let asked = () => {}
  const arrived = new Promise<void>((resolve) => (asked = resolve))
  const metrics = async () => {
    asked()
    await held
    return told('late 1\n')
  }
  const world = await OperatorWorld.start(new AdminWorld({ metrics }))
  const idle = connect(world.server.port, '127.0.0.1')
  const cut = new Promise<void>((resolve) =>
    idle.once('close', () => resolve()).on('error', () => {}),
  )
  const answer = exchange(world.server.port, head('GET', '/metrics'))
  await arrived
  const closed = world[Symbol.asyncDispose]()
  release()
  expect(await answer).toMatch(/^HTTP\/1\.1 200 [^]*late 1\n/)
  await Promise.all([cut, closed])
})

test.each(['/livez', '/readyz?verbose', '/startupz', '/readyz?a=1&verbose=x'])(
  'GET %s is the same answer, whether the app is loaded or not',
  async (path) => {
    await using world = await OperatorWorld.start()
    world.admin.readiness = { ready: false, reasons: ['draining'] }
    const direct = await exchange(world.server.port, head('GET', path))
    const byApp = await world.admin.ask('GET', path)
    const [lines = '', body] = direct.split('\r\n\r\n')
    expect(body).toBe(await byApp.text())
    expect(lines).toMatch(new RegExp(`^HTTP/1\\.1 ${byApp.status} `))
    const fields = new Set(lines.toLowerCase().split('\r\n'))
    for (const [name, value] of byApp.headers)
      expect(fields).toContain(`${name}: ${value.toLowerCase()}`)
    const bodiless = await exchange(world.server.port, head('HEAD', path))
    expect(bodiless.split('\r\n\r\n')).toEqual([
      expect.stringMatching(/content-length: [1-9]/i),
      '',
    ])
  },
)

test('metrics are the same, whether the app is loaded or not', async () => {
  await using world = await OperatorWorld.start()
  const direct = await fetch(`${world.url}/metrics`)
  const byApp = await world.admin.ask('GET', '/metrics')
  expect(await direct.text()).toBe(await byApp.text())
  for (const [name, value] of byApp.headers) expect(direct.headers.get(name), name).toBe(value)
  const bodiless = await exchange(world.server.port, head('HEAD', '/metrics'))
  expect(bodiless).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\n$/)
})

test('a scrape that is read slowly holds up nobody, and one that is given up is no fault', async () => {
  let released = () => {}
  const metrics = async () => {
    const held = new Promise<void>((resolve) => (released = resolve))
    return (async function* () {
      yield 'first 1\n'
      await held
      yield 'second 2\n'
    })()
  }
  await using world = await OperatorWorld.start(new AdminWorld({ metrics }))
  const whole = fetch(`${world.url}/metrics`)
  const answer = await whole
  expect(await exchange(world.server.port, head('GET'))).toMatch(/^HTTP\/1\.1 200 /)
  released()
  expect(await answer.text()).toBe('first 1\nsecond 2\n')

  const leaving = new AbortController()
  const abandoned = await fetch(`${world.url}/metrics`, { signal: leaving.signal })
  leaving.abort()
  await expect(abandoned.text()).rejects.toThrow()
  released()
  expect(await exchange(world.server.port, head('HEAD', '/metrics'))).toMatch(/^HTTP\/1\.1 200 /)
  expect(world.admin.log.events).toEqual([])
})

test('metrics that fail half-way end without the rest, and the log says so', async () => {
  const metrics = async () =>
    (async function* () {
      yield 'first 1\n'
      throw new Error('half-way')
    })()
  await using world = await OperatorWorld.start(new AdminWorld({ metrics }))
  const answer = exchange(world.server.port, head('GET', '/metrics'))
  expect(await answer).not.toMatch(/\r\n0\r\n\r\n$/)
  expect(world.admin.log.events).toMatchObject([{ level: 'error', event: 'admin request failed' }])
})
