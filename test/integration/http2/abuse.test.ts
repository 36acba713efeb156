import { afterEach, expect, test } from 'vitest'
import { S1 } from '../proxy/bench.ts'
import { ConnectWorld } from '../proxy/connect-world.ts'
import {
  ACK,
  block,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  type Frame,
  frame,
  GOAWAY,
  HEADERS,
  PING,
  RST_STREAM,
  SETTINGS,
} from './frames.ts'
import { API, ask, exchangeFrames, openTunnel, sessionOn, valueOf } from './http2-world.ts'

const INTERCEPT = { intercept: true, unrouted: 'refuse' } as const
type Fields = readonly (readonly [string, string])[]

let world: ConnectWorld
afterEach(() => world.stop())

const start = async (): Promise<ConnectWorld> => {
  world = await ConnectWorld.start(
    { connect: INTERCEPT },
    { route: { hosts: [API, 'other.partner.example'] } },
  )
  return world
}

/** What no client sends leaves the next request alone. */
async function goesOn(): Promise<void> {
  const session = sessionOn(await openTunnel(world))
  expect(await ask(session)).toMatchObject({ status: 200 })
  session.close()
}

const head = (more: Fields = [], method = 'GET'): Fields => [
  [':method', method],
  [':scheme', 'https'],
  [':path', '/v1/a'],
  [':authority', API],
  ...more,
]
const headers = (fields: Fields, flags = END_HEADERS | END_STREAM): Buffer =>
  frame(HEADERS, flags, 1, block(fields))
const endsStream = ({ type, flags, stream }: Frame): boolean =>
  (stream === 1 && (type === RST_STREAM || (flags & END_STREAM) !== 0)) || type === GOAWAY

test.each([
  ['a field of the connection', [headers(head([['connection', 'x']]))]],
  ['a transfer coding', [headers(head([['transfer-encoding', 'chunked']]))]],
  ['an upgrade', [headers(head([['upgrade', 'h2c']]))]],
  ['TE that is not trailers', [headers(head([['te', 'gzip']]))]],
  ['a name in capitals', [headers(head([['X-One', '1']]))]],
  [
    'a space in the path',
    [headers([...head().filter(([name]) => name !== ':path'), [':path', '/v1/a b']])],
  ],
  [
    'the end of a line in the path',
    [headers([...head().filter(([name]) => name !== ':path'), [':path', '/\r\nx: y']])],
  ],
  ['no path', [headers(head().filter(([name]) => name !== ':path'))]],
  ['no authority and no Host', [headers(head().filter(([name]) => name !== ':authority'))]],
  ['two authorities', [headers([...head(), [':authority', 'other.partner.example']])]],
  [
    'two lengths',
    [
      headers(
        head([
          ['content-length', '0'],
          ['content-length', '0'],
        ]),
      ),
    ],
  ],
  [
    'a body shorter than its length',
    [
      headers(head([['content-length', '5']], 'POST'), END_HEADERS),
      frame(DATA, END_STREAM, 1, 'abc'),
    ],
  ],
  [
    'a body longer than its length',
    [
      headers(head([['content-length', '2']], 'POST'), END_HEADERS),
      frame(DATA, END_STREAM, 1, 'abc'),
    ],
  ],
  [
    'pseudo fields in trailers',
    [headers(head([], 'POST'), END_HEADERS), headers([[':path', '/v1/b']])],
  ],
  [
    'a frame that is too large',
    [headers(head([], 'POST'), END_HEADERS), frame(DATA, END_STREAM, 1, 'x'.repeat(20_000))],
  ],
  ['WebSocket over HTTP/2', [headers([[':protocol', 'websocket'], ...head([], 'CONNECT')])]],
  [
    'a head without end',
    [
      frame(HEADERS, END_STREAM, 1, block(head())),
      ...Array.from({ length: 40 }, () => frame(CONTINUATION, 0, 1, block([['x', 'y']]))),
    ],
  ],
  [
    'a body that is reset as if nothing was wrong',
    [
      headers(head([], 'POST'), END_HEADERS),
      frame(DATA, 0, 1, 'abc'),
      frame(RST_STREAM, 0, 1, Buffer.alloc(4)),
      frame(PING, 0, 0, Buffer.alloc(8)),
    ],
  ],
])('T8: %s is reset, with nothing sent', async (_name, frames) => {
  await start()
  const seen = await exchangeFrames(
    await openTunnel(world),
    frames,
    (each) => endsStream(each) || (each.type === PING && (each.flags & ACK) !== 0),
  )
  expect(seen.some(({ type }) => type === HEADERS)).toBe(false)
  expect(world.bench.upstream.requests).toEqual([])
  await goesOn()
})

test.each([
  ['another authority', [':authority', 'other.partner.example'], 421],
  ['another port', [':authority', `${API}:444`], 421],
  ['a Host that is another one', ['host', 'other.partner.example'], 400],
  ['a name that looks like framing', ['content_length', '5'], 400],
  ['a web page', ['origin', 'https://evil.example'], 403],
  ['101 fields', Array.from({ length: 101 }, (_, i) => [`x-${i}`, '1']).flat(), 431],
  ['a field of 20 KiB', ['x-one', 'y'.repeat(20 * 1024)], 431],
  ['a path of 9 KiB', [':path', `/${'a'.repeat(9 * 1024)}`], 414],
])('T8: %s is refused, with nothing sent', async (_name, fields, status) => {
  await start()
  const session = sessionOn(await openTunnel(world))
  const path = fields[0] === ':path' ? { path: fields[1] ?? '' } : { fields }
  const answer = await ask(session, path)
  expect(answer.status).toBe(status)
  expect(valueOf(answer.fields, 'sidekey-error')).not.toBeNull()
  expect(world.bench.upstream.requests).toEqual([])
  expect((await ask(session)).status).toBe(200)
  session.close()
})

test('row 13: another name in TLS than in CONNECT is refused in HTTP/2 too', async () => {
  await start()
  const session = sessionOn(await openTunnel(world, 'other.partner.example'))
  for (const authority of [API, 'other.partner.example']) {
    const answer = await ask(session, { fields: [':authority', authority] })
    expect(answer.status).toBe(421)
  }
  session.close()
  expect(world.bench.upstream.requests).toEqual([])
})

test('what HTTP/1.1 has no place for in a field never gets there', async () => {
  await start()
  const odd: Fields = [
    ['x-line', 'a\r\nx-api-key: evil'],
    ['x-nul', 'a\0b'],
    ['x y', '1'],
    ['x-good', '1'],
  ]
  await exchangeFrames(await openTunnel(world), [headers(head(odd))], endsStream)
  // nghttp2 leaves such fields out, as RFC 9113, section 8.2.1, lets an endpoint do that treats the rest as it is.
  for (const { fields } of world.bench.upstream.requests) {
    expect(fields.join('\n')).not.toMatch(/x-line|x-nul|x y|evil/)
    expect(fields).toContain(S1)
  }
  await goesOn()
})

test('a client that opens and resets without end is let go, and harms nobody', async () => {
  await start()
  const frames = Array.from({ length: 3_000 }, (_, i) => [
    frame(HEADERS, END_HEADERS, 2 * i + 1, block(head([], 'POST'))),
    frame(RST_STREAM, 0, 2 * i + 1, Buffer.from([0, 0, 0, 8])),
  ]).flat()
  const seen = await exchangeFrames(await openTunnel(world), frames, ({ type }) => type === GOAWAY)
  expect(seen.some(({ type }) => type === GOAWAY)).toBe(true)
  expect(world.bench.upstream.requests.length).toBeLessThan(50)
  await goesOn()
})

test.each([
  ['settings', frame(SETTINGS, 0, 0, Buffer.from([0, 3, 0, 0, 0, 1]))],
  ['pings', frame(PING, 0, 0, Buffer.alloc(8))],
  ['empty frames', frame(DATA, 0, 1)],
])('thousands of %s harm nobody', async (_name, one) => {
  await start()
  const socket = await openTunnel(world)
  const many = Array.from({ length: 20_000 }, () => one)
  const open = headers(head([], 'POST'), END_HEADERS)
  const close = frame(DATA, END_STREAM, 1, 'x')
  await exchangeFrames(socket, [open, ...many, close], endsStream)
  await goesOn()
})

test('more requests at once than are allowed wait at the client, and none is lost', async () => {
  await start()
  const session = sessionOn(await openTunnel(world))
  const answers = await Promise.all(Array.from({ length: 250 }, () => ask(session)))
  expect(answers.every(({ status }) => status === 200)).toBe(true)
  session.close()
})
