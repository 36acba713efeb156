import { connect as connectHttp2, type ServerHttp2Stream } from 'node:http2'
import { afterEach, expect, test } from 'vitest'
import { ConnectWorld } from '../proxy/connect-world.ts'
import { type Frame, GOAWAY } from './frames.ts'
import { API, ask, exchangeFrames, openTunnel, sessionOn, valueOf } from './http2-world.ts'
import { tlsFile, Upstream2 } from './upstream2.ts'

const INTERCEPT = { intercept: true, unrouted: 'refuse' } as const

let world: ConnectWorld
let upstream: Upstream2 | null = null
afterEach(async () => {
  await world.stop()
  await upstream?.stop()
  upstream = null
})

/** A client's connection, and an upstream that speaks HTTP/2 too. */
async function bothSides(): Promise<{
  session: ReturnType<typeof connectHttp2>
  upstream: Upstream2
}> {
  const made = new Upstream2()
  upstream = made
  const origin = await made.start()
  world = await ConnectWorld.start(
    { connect: INTERCEPT, upstream: { ca: tlsFile('ca.pem') } },
    { route: { upstream: { origin, insecure: false } } },
  )
  return { session: sessionOn(await openTunnel(world)), upstream: made }
}

test('answers without a body, and with one, are what the upstream sent', async () => {
  const { session, upstream: made } = await bothSides()
  made.answer = ({ fields }, stream) => {
    const path = valueOf(fields, ':path')
    if (path === '/head')
      stream.respond({ ':status': 200, 'content-length': 5 }, { endStream: true })
    else if (path === '/204') stream.respond({ ':status': 204 }, { endStream: true })
    else if (path === '/304') stream.respond({ ':status': 304, etag: '1' }, { endStream: true })
    else {
      stream.respond({ ':status': 200, 'content-length': 5, 'x-up': ['1', '2'] })
      stream.end('hello')
    }
  }
  expect(await ask(session, { method: 'HEAD', path: '/head' })).toMatchObject({
    status: 200,
    headOnly: true,
    reset: 0,
  })
  expect(await ask(session, { path: '/204' })).toMatchObject({ status: 204, headOnly: true })
  expect(await ask(session, { path: '/304' })).toMatchObject({ status: 304, headOnly: true })
  const answer = await ask(session, { path: '/' })
  expect(answer.body.toString()).toBe('hello')
  expect(valueOf(answer.fields, 'content-length')).toBe('5')
  session.close()
})

test('trailers pass both ways, but for those that say what a trailer may not', async () => {
  const { session, upstream: made } = await bothSides()
  made.answer = ({ trailers }, stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () =>
      stream.sendTrailers({ 'x-after': trailers.join(), 'set-cookie': 'a=b', 'sidekey-x': '1' }),
    )
    stream.end('body')
  }
  const stream = session.request(
    { ':method': 'POST', ':path': '/', ':authority': API, ':scheme': 'https' },
    { waitForTrailers: true },
  )
  stream.on('wantTrailers', () =>
    stream.sendTrailers({
      'x-checksum': '1',
      'x-api-key': 'evil',
      authorization: 'Bearer EVIL',
      'content-type': 'x/y',
    }),
  )
  const trailers = new Promise((resolve) => stream.on('trailers', (_t, _f, raw) => resolve(raw)))
  stream.resume().end('abc')
  expect(await trailers).toEqual(['x-after', 'x-checksum,1'])
  session.close()
})

test('a secret is masked in trailers too', async () => {
  const { session, upstream: made } = await bothSides()
  made.answer = ({ fields }, stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () =>
      stream.sendTrailers({ 'x-echo': valueOf(fields, 'x-api-key') ?? '' }),
    )
    stream.end('body')
  }
  const { trailers } = await ask(session)
  expect(valueOf(trailers, 'x-echo')).toMatch(/^\*+$/)
  session.close()
})

test('an answer that is cut off is cut off for the client', async () => {
  const { session, upstream: made } = await bothSides()
  let cut: (stream: ServerHttp2Stream) => void = (stream) => stream.close(2)
  made.answer = (_seen, stream) => {
    stream.respond({ ':status': 200, 'content-length': 100 })
    stream.write('begin')
    setImmediate(() => cut(stream))
  }
  for (const way of [
    (stream: ServerHttp2Stream) => stream.close(2),
    (stream: ServerHttp2Stream) => stream.close(0),
    (stream: ServerHttp2Stream) => stream.session?.destroy(),
  ]) {
    cut = way
    const { reset, status } = await ask(session)
    expect([status, reset]).not.toEqual([200, 0])
  }
  session.close()
})

test('who cancels is not served any further', async () => {
  const { session, upstream: made } = await bothSides()
  const ended = new Promise<number | undefined>((resolve) => {
    made.answer = (_seen, stream) => {
      stream.on('close', () => resolve(stream.rstCode))
      stream.respond({ ':status': 200 })
      stream.write('begin')
    }
  })
  const stream = session.request([
    ':method',
    'GET',
    ':path',
    '/',
    ':authority',
    API,
    ':scheme',
    'https',
  ])
  stream.on('error', () => {})
  stream.once('data', () => stream.close(8))
  expect(await ended).toBe(8)
  session.close()
})

test('a client that does not read holds the upstream back, and nobody else', async () => {
  const { session, upstream: made } = await bothSides()
  const size = 32 * 1024 * 1024
  let sent = 0
  made.answer = ({ fields }, stream) => {
    stream.respond({ ':status': 200 })
    if (valueOf(fields, ':path') === '/small') return void stream.end('small')
    const piece = Buffer.alloc(64 * 1024)
    const more = (): void => {
      while (sent < size) {
        sent += piece.length
        if (!stream.write(piece)) return void stream.once('drain', more)
      }
      stream.end()
    }
    more()
  }
  const slow = session.request([
    ':method',
    'GET',
    ':path',
    '/large',
    ':authority',
    API,
    ':scheme',
    'https',
  ])
  await new Promise((resolve) => slow.once('response', resolve))
  for (let i = 0; i < 20; i++) {
    expect((await ask(session, { path: '/small' })).body.toString()).toBe('small')
  }
  expect(sent).toBeLessThan(4 * 1024 * 1024)
  let received = 0
  slow.on('data', (chunk: Buffer) => (received += chunk.length))
  await new Promise((resolve) => slow.once('end', resolve))
  expect(received).toBe(size)
  session.close()
})

test('large bodies pass both ways unchanged', async () => {
  const { session, upstream: made } = await bothSides()
  made.answer = ({ body }, stream) => {
    stream.respond({ ':status': 200 })
    stream.end(body)
  }
  const body = Buffer.from(Array.from({ length: 5_000_000 }, (_, i) => i % 251))
  const answers = await Promise.all([1, 2, 3].map(() => ask(session, { method: 'PUT', body })))
  expect(answers.map((answer) => answer.body.equals(body))).toEqual([true, true, true])
  session.close()
})

test('a refusal arrives though the client is still sending', async () => {
  const { session } = await bothSides()
  const stream = session.request({ ':method': 'POST', ':path': '/../x', ':authority': API })
  stream.on('error', () => {})
  const status = new Promise((resolve) => stream.on('response', (head) => resolve(head[':status'])))
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  const piece = Buffer.alloc(16 * 1024)
  const more = (): void => {
    while (!stream.closed && !stream.destroyed && stream.write(piece));
    if (!stream.closed && !stream.destroyed) stream.once('drain', more)
  }
  more()
  expect(await status).toBe(400)
  await new Promise((resolve) => stream.on('close', resolve))
  expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ code: 'path-refused' })
  session.close()
})

test('a stop lets requests end, and tells the client with the answer', async () => {
  const { session, upstream: made } = await bothSides()
  const held: ServerHttp2Stream[] = []
  // The first request of all shows that the credential works, and others wait for it.
  await ask(session)
  made.answer = (_seen, stream) => void held.push(stream)
  const goaways: number[] = []
  session.on('goaway', (_code, last) => goaways.push(last))
  const early = ask(session)
  while (held.length < 1) await tick()
  const stopped = world.bench.plane.stop(25_000)
  // Others are still let in, and so are requests on connections that are there.
  const late = ask(session)
  while (held.length < 2) await tick()
  expect(goaways).toEqual([])
  await world.bench.clock.advance(500)
  expect(goaways).toEqual([])
  for (const stream of held) {
    stream.respond({ ':status': 200 })
    stream.end('whole')
  }
  expect((await early).body.toString()).toBe('whole')
  expect((await late).body.toString()).toBe('whole')
  expect(goaways.length).toBeGreaterThan(0)
  await stopped
})

test('one after the other, no request is lost by a stop', async () => {
  world = await ConnectWorld.start({ connect: INTERCEPT })
  const session = sessionOn(await openTunnel(world))
  let left = false
  session.on('goaway', () => {
    left = true
  })
  await ask(session)
  const stopped = world.bench.plane.stop(25_000)
  for (let i = 0; i < 50 && !left; i++) {
    if (i === 25) await world.bench.clock.advance(500)
    expect((await ask(session)).status).toBe(200)
  }
  expect(left).toBe(true)
  await stopped
})

test('a stop closes connections that nobody uses', async () => {
  world = await ConnectWorld.start({ connect: INTERCEPT })
  const socket = await openTunnel(world)
  const seen: Frame[] = []
  const done = exchangeFrames(socket, [], (each) => {
    seen.push(each)
    return each.type === GOAWAY
  })
  while (seen.length < 1) await tick()
  const stopped = world.bench.plane.stop(25_000)
  await world.bench.clock.advance(500)
  await world.bench.clock.advance(500)
  await done
  await stopped
})

function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
