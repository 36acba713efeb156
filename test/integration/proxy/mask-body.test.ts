import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { liveVersion } from '../../fakes/version-source.ts'
import { Bench, S1, S2 } from './bench.ts'

let bench: Bench
afterEach(() => bench.stop())

const stars = '*'.repeat(S1.length)

test.each([
  ['by newer ones', [liveVersion(3, 'S3-canary-Ii9Jj0'), liveVersion(4, 'S4-canary-Ii9Jj0')]],
  ['by one with its number', [{ ...liveVersion(2, 'S3-canary-Ii9Jj0'), versionId: 'other' }]],
])(
  'a secret that is replaced while its request is on its way is still masked: %s',
  async (_n, replacements) => {
    const held: (() => void)[] = []
    bench = await Bench.start({
      answer: (request, response) => {
        const echo = request.values('x-api-key').join()
        held.push(() => response.writeHead(200, { 'x-echo': echo }).end())
      },
    })
    const answer = bench.send({})
    await expect.poll(() => held.length).toBe(1)
    for (const version of replacements) {
      const { loads } = bench.source
      bench.source.set([version])
      await expect.poll(() => bench.source.loads).toBeGreaterThan(loads)
    }
    held[0]?.()
    expect((await answer).headers['x-echo']).toBe(stars)
  },
)

test('a secret that is replaced while its answer is looked into is still masked', async () => {
  const held: (() => void)[] = []
  bench = await Bench.start({
    endpoint: { authFailure: [{ status: 200, json: '/error/code', in: ['AUTH'] }] },
    answer: (request, response) => {
      const echo = request.values('x-api-key').join()
      response.writeHead(200, { 'x-echo': echo, 'content-type': 'application/json' })
      response.write('{"a":')
      held.push(() => response.end('1}'))
    },
  })
  const answer = bench.send({})
  // Its head has come: the request is not in flight any more.
  await expect.poll(() => bench.telemetry.count('upstream partner')).toBe(1)
  const { loads } = bench.source
  bench.source.set([liveVersion(3, 'S3-canary-Ii9Jj0')])
  await expect.poll(() => bench.source.loads).toBeGreaterThan(loads)
  held[0]?.()
  expect((await answer).headers['x-echo']).toBe(stars)
})

test('row 40: an upstream that echoes the request shows no secret, and Content-Length is right', async () => {
  bench = await Bench.start({
    route: { maskBody: true },
    answer: (request, response) => {
      const echo = JSON.stringify({ fields: request.fields, other: S2 })
      response.writeHead(400, { 'content-length': Buffer.byteLength(echo) })
      response.end(echo)
    },
  })
  const answer = await bench.send({ headers: { 'x-own': 'kept' } })
  const text = answer.body.toString()
  expect(Number(answer.headers['content-length'])).toBe(answer.body.length)
  expect(text).not.toContain(S1)
  expect(text).not.toContain(S2)
  expect(text).toContain(`"X-Api-Key","${stars}"`)
  expect(text).toContain('"kept"')
})

test('row 40: pieces are masked across their borders, and go on as they come', async () => {
  const written: (() => void)[] = []
  bench = await Bench.start({
    route: { maskBody: true },
    answer: (_request, response) => {
      response.write(`data: ${S1.slice(0, 5)}`)
      written.push(
        () => response.write(`${S1.slice(5)}\n\n`),
        () => response.end('data: end\n\n'),
      )
    },
  })
  const first = bench.raw(
    'GET /partner/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    /0\r\n\r\n$/,
  )
  await expect.poll(() => written.length).toBe(2)
  for (const next of written) {
    await new Promise((resolve) => setImmediate(resolve))
    next()
  }
  const text = await first
  expect(text).not.toContain(S1.slice(0, 5))
  expect(text.replaceAll(/\r\n[0-9a-f]+\r\n/g, '')).toContain(stars)
})

test('row 40: a plain body is asked for, whole', async () => {
  bench = await Bench.start({ route: { maskBody: true } })
  await bench.send({ headers: { 'accept-encoding': 'gzip, br', range: 'bytes=0-10' } })
  expect(bench.upstream.requests[0]?.values('accept-encoding')).toEqual(['identity'])
  expect(bench.upstream.requests[0]?.values('range')).toEqual([])
})

test('row 40: a body that is encoded all the same is refused, and its connection is closed', async () => {
  bench = await Bench.start({
    route: { maskBody: true },
    answer: (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' })
      response.write(gzipSync(S1))
    },
  })
  const answer = await bench.send({})
  expect([answer.status, answer.headers['sidekey-error']]).toEqual([502, 'upstream-invalid'])
  expect(bench.telemetry.count('request partner upstream-error')).toBe(1)
})

test('without the switch a body passes byte for byte', async () => {
  bench = await Bench.start({ answer: (_request, response) => response.end(S1) })
  const answer = await bench.send({ headers: { 'accept-encoding': 'gzip' } })
  expect(answer.body.toString()).toBe(S1)
  expect(bench.upstream.requests[0]?.values('accept-encoding')).toEqual(['gzip'])
})
