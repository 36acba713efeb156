import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { Route } from '../../../src/kernel/route.ts'
import { Bench, S1, S2 } from '../proxy/bench.ts'
import { valueOf } from './http2-world.ts'
import { tlsFile, Upstream2 } from './upstream2.ts'

let bench: Bench
let upstream: Upstream2
afterEach(async () => {
  await bench.stop()
  await upstream.stop()
})

async function start(
  made = new Upstream2(),
  route: Partial<Route['upstream']> = {},
): Promise<string> {
  upstream = made
  const origin = await upstream.start()
  bench = await Bench.start({
    origin,
    route: { upstream: { origin, insecure: false, ...route } },
    config: { upstream: { ca: tlsFile('ca.pem') } },
  })
  return origin
}

test('an upstream that offers HTTP/2 is spoken to in it, over one connection', async () => {
  const origin = await start()
  const answers = await Promise.all(
    ['GET', 'POST', 'PUT', 'GET'].map((method) =>
      bench.send({
        method,
        path: '/partner/v1/a?b=%2f',
        headers: { 'X-One': '1', Connection: 'x-two', 'X-Two': '2', Host: 'localhost' },
        ...(method === 'GET' ? {} : { body: 'hello' }),
      }),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  expect(answers[0]?.body.toString()).toBe('{"ok":true}')
  expect(upstream.sessions).toHaveLength(1)
  for (const { fields } of upstream.requests) {
    expect(valueOf(fields, ':path')).toBe('/v1/a?b=%2f')
    expect(valueOf(fields, ':authority')).toBe(new URL(origin).host)
    expect(valueOf(fields, 'x-api-key')).toBe(S1)
    expect(valueOf(fields, 'x-one')).toBe('1')
    expect(fields).not.toContain('x-two')
    expect(fields).not.toContain('host')
  }
  const posted = upstream.requests.find(({ fields }) => valueOf(fields, ':method') === 'POST')
  expect(posted?.body.toString()).toBe('hello')
})

test('a refused request is sent again with the other version', async () => {
  await start()
  upstream.answer = ({ fields, body }, stream) => {
    stream.respond({ ':status': fields.includes(S1) ? 401 : 200 })
    stream.end(body)
  }
  const answer = await bench.send({ method: 'POST', body: 'again' })
  expect(answer.status).toBe(200)
  expect(answer.body.toString()).toBe('again')
  expect(upstream.requests.map(({ fields }) => valueOf(fields, 'x-api-key'))).toEqual([S1, S2])
})

test('an upstream that has HTTP/1.1 only gets it on the connection that asked', async () => {
  await start()
  let connections = 0
  const http1 = createServer(
    { key: tlsFile('leaf.key'), cert: tlsFile('localhost.pem') },
    (request, response) => {
      request.resume()
      request.on('end', () => response.end(request.method))
    },
  )
  http1.on('secureConnection', () => connections++)
  await new Promise<void>((resolve) => http1.listen(0, resolve))
  const origin = `https://localhost:${(http1.address() as AddressInfo).port}`
  const [route] = bench.config.routes
  await bench.plane.reload({
    ...bench.config,
    routes: route === undefined ? [] : [{ ...route, upstream: { origin, insecure: false } }],
  })
  const first = await Promise.all(['GET', 'GET'].map((method) => bench.send({ method })))
  expect(first.map(({ body }) => body.toString())).toEqual(['GET', 'GET'])
  expect(connections).toBeLessThanOrEqual(2)
  for (const method of ['GET', 'GET']) await bench.send({ method })
  expect(connections).toBeLessThanOrEqual(2)
  const answer = await bench.send({ method: 'POST', body: 'x'.repeat(200_000) })
  expect(answer.body.toString()).toBe('POST')
  http1.close()
})

test('a route may keep to HTTP/1.1', async () => {
  const made = new Upstream2({ allowHTTP1: true })
  made.server.on('request', (request, response) => {
    if (request.httpVersion === '1.1') response.end('one')
  })
  await start(made, { http2: false })
  expect((await bench.send({})).body.toString()).toBe('one')
  expect(upstream.sessions).toHaveLength(0)
})

test('a route may speak HTTP/2 without TLS', async () => {
  await start(new Upstream2({ plain: true }), { http2: true })
  expect((await bench.send({})).status).toBe(200)
  expect(valueOf(upstream.requests[0]?.fields ?? [], ':scheme')).toBe('http')
})
