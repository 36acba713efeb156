import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { ServerResponse } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { Bench } from '../proxy/bench.ts'

let bench: Bench
let socket: Socket
afterEach(async () => {
  socket.destroy()
  await bench.stop()
})

/** An upstream that opens a stream of events, and hands it over; the client has read its head. */
async function open(
  options: Parameters<typeof Bench.start>[0],
  type = 'text/event-stream; charset=utf-8',
): Promise<{ stream: ServerResponse; until: (text: string) => Promise<string> }> {
  const opened = Promise.withResolvers<ServerResponse>()
  bench = await Bench.start({
    ...options,
    answer: (_request, response) => {
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' })
      response.flushHeaders()
      opened.resolve(response)
    },
  })
  socket = connect(bench.port, '127.0.0.1')
  socket.write('GET /partner/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  let received = ''
  socket.on('data', (data) => (received += data.toString('latin1')))
  const until = async (text: string): Promise<string> => {
    while (!received.includes(text)) await once(socket, 'data')
    return received
  }
  return { stream: await opened.promise, until }
}

const BODY_RULES = [
  ['none', []],
  ['one that looks into JSON', [{ status: 200, json: '/status', in: ['4'] }]],
  ['one that takes an absence for a refusal', [{ status: 200, json: '/status', notIn: ['0'] }]],
  ['one that looks into XML', [{ status: 200, xml: 'status', in: ['4'] }]],
] as const

test.each(BODY_RULES)(
  'each event is with the client before the next one is written, with rules for bodies: %s',
  async (_name, authFailure) => {
    const { stream, until } = await open({ endpoint: { authFailure } })
    await until('\r\n\r\n')
    for (let n = 1; n <= 20; n++) {
      stream.write(`data: event ${n}.\n\n`)
      await until(`event ${n}.`)
    }
    expect(bench.upstream.requests).toHaveLength(1)
  },
)

test.each(['application/x-ndjson', 'application/jsonl', 'application/json-seq'])(
  'lines of JSON are no document that could be waited for: %s',
  async (type) => {
    const authFailure = [{ status: 200, json: '/status', in: ['4'] }]
    const { stream, until } = await open({ endpoint: { authFailure } }, type)
    stream.write('{"status":"4"}\n')
    expect(await until('{"status":"4"}')).toContain('200 OK')
    expect(bench.upstream.requests).toHaveLength(1)
  },
)

test('a client that goes away ends the stream upstream, before another event', async () => {
  const { stream, until } = await open({})
  stream.write('data: 1\n\n')
  await until('data: 1')
  const closed = once(stream, 'close')
  socket.destroy()
  await closed
  await expect.poll(() => bench.telemetry.count('request partner client-aborted')).toBe(1)
})

test('an upstream that breaks off within the stream is seen as such', async () => {
  const { stream, until } = await open({})
  stream.write('data: 1\n\n')
  const received = await until('data: 1')
  const closed = once(socket, 'close')
  stream.destroy()
  await closed
  expect(received).not.toMatch(/\r\n0\r\n\r\n$/)
  await expect.poll(() => bench.telemetry.count('request partner upstream-error')).toBe(1)
})
