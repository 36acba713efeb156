import { expect, test } from 'vitest'
import { Llhttp } from '../../../src/proxy/llhttp.ts'
import { type ParsedHead, RequestParser } from '../../../src/proxy/parse-requests.ts'
import { wantsWebSocket } from '../../../src/proxy/web-sockets.ts'

const llhttp = new Llhttp()

interface Message {
  readonly head: ParsedHead
  readonly body: string
  readonly trailers: readonly string[]
}

function execute(parser: RequestParser, text: string): Buffer | null {
  return parser.execute(bytes(text), text.length)
}

/** Everything that a connection makes of these bytes, and what was left of them when it stopped. */
function parse(chunks: readonly Buffer[]): {
  readonly messages: Message[]
  readonly fault: string | null
  readonly rest: string
} {
  const parser = new RequestParser(llhttp, wantsWebSocket)
  const messages: Message[] = []
  let head: ParsedHead | null = null
  let body = ''
  let rest = ''
  for (const chunk of chunks) {
    let left: Buffer | null = head?.upgrade === true ? null : chunk
    if (left === null) rest += chunk.toString('latin1')
    while (left !== null) {
      left = parser.execute(left, left.length)
      if (parser.fault !== null) break
      head = parser.head ?? head
      parser.head = null
      body += parser.takeBody()?.toString('latin1') ?? ''
      if (!parser.ended || head === null) continue
      messages.push({ head, body, trailers: parser.trailers })
      parser.reset()
      body = ''
      if (!head.upgrade) continue
      rest += (left ?? Buffer.alloc(0)).toString('latin1')
      break
    }
    if (parser.fault !== null) break
  }
  const { fault } = parser
  parser.free()
  return { messages, fault, rest }
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

const HOST = 'Host: localhost\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n'

const MESSAGES: Readonly<Record<string, string>> = {
  'no body': `GET /a?b HTTP/1.1\r\n${HOST}\r\n`,
  'empty values and odd bytes': `GET /a|b HTTP/1.1\r\nX-A:\r\nX-B: \r\nX-C:\t\xe9 b \t\r\n${HOST}\r\n`,
  'empty lines before': `\r\n\r\nGET / HTTP/1.1\r\n${HOST}\r\n`,
  'HTTP/1.0': 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  'a length': `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
  'chunks with extensions and trailers': `POST / HTTP/1.1\r\n${HOST}${CHUNKED}\r\n3;a=b;c="d"\r\nabc\r\nA\r\n0123456789\r\n0;e\r\nX-T: u\r\nX-V:\r\n\r\n`,
  'an offer of another protocol': `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
  'an offer with a body': `POST / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nhi`,
  'an offer with chunks': `POST / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\n${CHUNKED}\r\n2\r\nhi\r\n0\r\n\r\n`,
}

const FOLLOWING = `PUT /next HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nend`

test.each(Object.entries(MESSAGES))(
  '%s: wherever the bytes are cut, the messages are the same',
  (_name, text) => {
    const whole = bytes(text + FOLLOWING)
    const expected = parse([whole])
    expect(expected.fault).toBeNull()
    expect(expected.messages).toHaveLength(2)
    expect(expected.messages[1]).toMatchObject({ head: { target: '/next' }, body: 'end' })
    for (let at = 1; at < whole.length; at++) {
      expect(parse([whole.subarray(0, at), whole.subarray(at)]), `cut at ${at}`).toEqual(expected)
    }
    const single = Array.from({ length: whole.length }, (_, i) => whole.subarray(i, i + 1))
    expect(parse(single)).toEqual(expected)
  },
)

test('heads, bodies and trailers are what was sent', () => {
  const of = (name: string): Message | undefined => parse([bytes(MESSAGES[name] ?? '')]).messages[0]
  expect(of('empty values and odd bytes')?.head).toMatchObject({
    method: 'GET',
    target: '/a|b',
    version: '1.1',
    fields: ['X-A', '', 'X-B', '', 'X-C', '\xe9 b', 'Host', 'localhost'],
    keepAlive: true,
    upgrade: false,
  })
  expect(of('HTTP/1.0')?.head).toMatchObject({ version: '1.0', keepAlive: true })
  expect(of('a length')?.body).toBe('hello')
  const chunks = of('chunks with extensions and trailers')
  expect(chunks?.body).toBe('abc0123456789')
  expect(chunks?.trailers).toEqual(['X-T', 'u', 'X-V', ''])
  expect(of('an offer with a body')).toMatchObject({ head: { upgrade: false }, body: 'hi' })
})

test.each([
  ['a WebSocket', `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`],
  ['a CONNECT', `CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n`],
  ['a CONNECT with a length', `CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nContent-Length: 9\r\n\r\n`],
])('%s: what follows is not read, wherever the bytes are cut', (_name, text) => {
  const whole = bytes(`${text}GET / HTTP/1.1\r\n\r\n\x81\x00`)
  for (let at = 1; at < whole.length; at++) {
    const { messages, fault, rest } = parse([whole.subarray(0, at), whole.subarray(at)])
    expect([messages.length, fault, messages[0]?.head.upgrade]).toEqual([1, null, true])
    expect(rest).toBe('GET / HTTP/1.1\r\n\r\n\x81\x00')
  }
})

const POST = `POST / HTTP/1.1\r\n${HOST}${CHUNKED}\r\n`

test.each([
  ['a target', `GET /${'x'.repeat(17_000)} HTTP/1.1\r\n${HOST}\r\n`, 'head-too-large'],
  ['a name', `GET / HTTP/1.1\r\n${'x'.repeat(17_000)}: y\r\n\r\n`, 'head-too-large'],
  ['a value', `GET / HTTP/1.1\r\nX: ${'y'.repeat(17_000)}\r\n\r\n`, 'head-too-large'],
  ['many fields', `GET / HTTP/1.1\r\n${'abcd: efgh\r\n'.repeat(2_100)}\r\n`, 'head-too-large'],
  ['trailers', `${POST}1\r\na\r\n0\r\nX: ${'y'.repeat(17_000)}\r\n\r\n`, 'trailers-too-large'],
  ['an extension', `${POST}1;${'x'.repeat(17_000)}\r\na\r\n0\r\n\r\n`, 'extensions-too-large'],
  ['two lengths', `POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na`, 'invalid'],
  ['length and chunks', `POST / HTTP/1.1\r\nContent-Length: 1\r\n${CHUNKED}\r\na`, 'invalid'],
  [
    'a coding that is no chunks',
    'POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n',
    'invalid',
  ],
  ['a bare LF', 'GET / HTTP/1.1\nHost: localhost\n\n', 'invalid'],
  ['a bare CR', 'GET / HTTP/1.1\r\nX: a\rb\r\n\r\n', 'invalid'],
  ['a fold', 'GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n', 'invalid'],
  ['a space before the colon', 'GET / HTTP/1.1\r\nX : a\r\n\r\n', 'invalid'],
  ['a NUL', 'GET / HTTP/1.1\r\nX: a\0b\r\n\r\n', 'invalid'],
  ['a chunk without its end', `${POST}1\r\naXX0\r\n\r\n`, 'invalid'],
  ['a bare LF behind a size', `${POST}1\na\r\n0\r\n\r\n`, 'invalid'],
  ['a space behind a size', `${POST}1 \r\na\r\n0\r\n\r\n`, 'invalid'],
  ['no HTTP', 'garbage\r\n\r\n', 'invalid'],
])('%s is a fault, whatever the chunks', (_name, text, fault) => {
  const whole = bytes(text)
  expect(parse([whole]).fault).toBe(fault)
  for (const size of [1, 7, 1_000]) {
    const chunks = []
    for (let at = 0; at < whole.length; at += size) chunks.push(whole.subarray(at, at + size))
    expect(parse(chunks), `chunks of ${size}`).toMatchObject({ fault })
  }
})

test('behind the last message of a connection nothing is read', () => {
  const last = `GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`
  const { messages, fault } = parse([bytes(last + FOLLOWING)])
  expect([messages.length, messages[0]?.head.keepAlive, fault]).toEqual([1, false, 'invalid'])
})

test('a fault behind a whole message is found when that one is done with', () => {
  const { messages, fault } = parse([bytes(`GET / HTTP/1.1\r\n${HOST}\r\ngarbage\r\n\r\n`)])
  expect([messages.length, fault]).toEqual([1, 'invalid'])
})

test('extensions count for each chunk by itself, and fields for each message', () => {
  const extension = 'x'.repeat(10_000)
  const text = `${POST}1;${extension}\r\na\r\n1;${extension}\r\nb\r\n0;${extension}\r\n\r\n`
  const { messages, fault } = parse([bytes(text.repeat(3))])
  expect([messages.length, fault]).toEqual([3, null])
  const long = `GET /${'x'.repeat(15_000)} HTTP/1.1\r\n${HOST}\r\n`
  expect(parse([bytes(long.repeat(5))])).toMatchObject({ fault: null })
})

test('a body keeps nothing of the memory that it came in, and no more of its own than its size', () => {
  const parser = new RequestParser(llhttp, wantsWebSocket)
  const chunk = bytes(POST + `1;${'x'.repeat(16_000)}\r\na\r\n`.repeat(4))
  parser.execute(chunk, chunk.length)
  const piece = parser.takeBody()
  chunk.fill('-')
  expect(piece?.toString()).toBe('aaaa')
  expect(piece?.buffer.byteLength).toBe(4)
  const many = bytes('1\r\nb\r\n'.repeat(10_000))
  parser.execute(many, many.length)
  expect(parser.takeBody()?.toString()).toBe('b'.repeat(10_000))
  expect(parser.takeBody()).toBeNull()
  parser.free()
})

test('bytes behind those that have arrived are not read', () => {
  const parser = new RequestParser(llhttp, wantsWebSocket)
  const [first, second] = ['GET /a HTTP/1.1\r\n', `GET /b HTTP/1.1\r\n${HOST}\r\n`]
  const buffer = bytes(first + second)
  expect(parser.execute(buffer, first.length)).toBeNull()
  expect(parser.head).toBeNull()
  const both = bytes(`${HOST}\r\n${second}left over`)
  const rest = parser.execute(both, both.length - 'left over'.length)
  expect([parser.head?.target, rest?.toString()]).toEqual(['/a', second])
  parser.free()
})

test('empty lines begin no head, its first byte does', () => {
  const parser = new RequestParser(llhttp, wantsWebSocket)
  execute(parser, '\r\n\r\n')
  expect(parser.inHead).toBe(false)
  execute(parser, 'G')
  expect(parser.inHead).toBe(true)
  execute(parser, 'ET / HTTP/1.1\r\n\r\n')
  expect(parser.inHead).toBe(false)
  parser.free()
})

test('the parsers of 10,000 connections work beside each other, and their memory is used again', () => {
  const create = (): RequestParser => new RequestParser(llhttp, wantsWebSocket)
  for (let round = 0; round < 3; round++) {
    const parsers = Array.from({ length: 10_000 }, create)
    for (const parser of parsers) execute(parser, `GET /a HTTP/1.1\r\n${HOST}`)
    for (const parser of parsers) execute(parser, '\r\n')
    expect(parsers.every((parser) => parser.head?.target === '/a' && parser.ended)).toBe(true)
    for (const parser of parsers) parser.free()
  }
})
