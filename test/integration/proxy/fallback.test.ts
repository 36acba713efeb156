import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import type { Answer } from '../../fakes/upstream.ts'
import { FakeVersionSource, liveVersion } from '../../fakes/version-source.ts'
import { Bench, S1, S2 } from './bench.ts'

let bench: Bench
afterEach(() => bench.stop())

/** Accepts these secrets in `X-Api-Key`, and answers 401 to any other. */
const accepting =
  (...secrets: readonly string[]): Answer =>
  (request, response) => {
    const ok = request.values('x-api-key').every((value) => secrets.includes(value))
    response.writeHead(ok ? 200 : 401, { 'content-type': 'text/plain' })
    response.end(ok ? 'done' : 'who are you')
  }

test('row 46: replays a 1 MiB POST with the other version when the first is refused', async () => {
  bench = await Bench.start({ answer: accepting(S2) })
  const body = Buffer.alloc(1024 * 1024, 'abc')
  const answer = await bench.send({ method: 'POST', body })
  expect(answer.status).toBe(200)
  expect(answer.body.toString()).toBe('done')
  expect(bench.upstream.requests.map((seen) => seen.values('x-api-key'))).toEqual([[S1], [S2]])
  for (const seen of bench.upstream.requests) expect(seen.body.equals(body)).toBe(true)
  expect(bench.telemetry.count('replay partner replayed')).toBe(1)
  expect(bench.telemetry.count('fallback partner succeeded')).toBe(1)
  expect(bench.looks).toEqual(['partner'])
})

test('the next request goes straight to the good version, until the cooldown is over', async () => {
  bench = await Bench.start({ answer: accepting(S2) })
  await bench.send({})
  await bench.send({})
  const used = () => bench.upstream.requests.map((seen) => seen.values('x-api-key')[0])
  expect(used()).toEqual([S1, S2, S2])
  await bench.clock.advance(10_000)
  await bench.send({})
  expect(used()).toEqual([S1, S2, S2, S1, S2])
  // Twice as long the second time.
  await bench.clock.advance(10_001)
  await bench.send({})
  expect(used().slice(5)).toEqual([S2])
})

test('where the provider can be asked, the canary is no client request', async () => {
  const versions = new FakeVersionSource('partner', [
    liveVersion(2, S1),
    liveVersion(1, S2, 'previous'),
  ])
  const probed: string[] = []
  versions.probe = (version) => {
    probed.push(version.versionId)
    return Promise.resolve(probed.length > 1 ? 'accepted' : 'refused')
  }
  bench = await Bench.start({ versions, answer: accepting(S2) })
  await bench.send({})
  await bench.clock.advance(10_000)
  await bench.send({})
  expect(bench.upstream.requests.map((seen) => seen.values('x-api-key')[0])).toEqual([S1, S2, S2])
  bench.upstream.answerWith(accepting(S1, S2))
  await bench.clock.advance(20_000)
  expect(probed).toEqual(['g2', 'g2'])
  await bench.send({})
  expect(bench.upstream.requests.at(-1)?.values('x-api-key')).toEqual([S1])
})

test('row 47: a body over the limit is not replayed, and the next request starts with the other version', async () => {
  bench = await Bench.start({ answer: accepting(S2), config: { replayBodyMaxBytes: 1000 } })
  const body = Buffer.alloc(200_000, 'x')
  const answer = await bench.send({ method: 'POST', body })
  expect(answer.status).toBe(401)
  expect(answer.body.toString()).toBe('who are you')
  expect(answer.headers['sidekey-fallback']).toBe('body-too-large')
  expect(bench.upstream.requests).toHaveLength(1)
  expect(bench.telemetry.count('replay partner body-too-large')).toBe(1)
  expect((await bench.send({ method: 'POST', body })).status).toBe(200)
  expect(bench.upstream.requests.at(-1)?.body.equals(body)).toBe(true)
})

test.each([403, 429, 500, 503])('row 48: a %i is passed on and never replayed', async (status) => {
  bench = await Bench.start({
    answer: (_request, response) => {
      response.statusCode = status
      response.end('no')
    },
  })
  const answer = await bench.send({ method: 'POST', body: 'a' })
  expect(answer.status).toBe(status)
  expect(bench.upstream.requests).toHaveLength(1)
  expect(bench.looks).toEqual([])
})

test('row 48: a POST whose connection is reset after sending is 502 and not repeated', async () => {
  bench = await Bench.start({ answer: (_request, response) => response.destroy() })
  const answer = await bench.send({ method: 'POST', body: 'a' })
  expect(answer.status).toBe(502)
  expect(answer.headers['sidekey-error']).toBe('upstream-unreachable')
  expect(bench.upstream.requests).toHaveLength(1)
})

test('a GET whose connection dies before any answer is sent once more on a new connection', async () => {
  let times = 0
  bench = await Bench.start({
    answer: (_request, response) => (++times === 1 ? response.destroy() : response.end('ok')),
  })
  expect((await bench.send({})).status).toBe(200)
  expect(bench.upstream.requests).toHaveLength(2)
  expect(bench.upstream.connections).toBe(2)
})

test('when both versions are refused, the answer of the upstream says why nothing more was tried', async () => {
  bench = await Bench.start({ answer: accepting() })
  const answer = await bench.send({})
  expect(answer.status).toBe(401)
  expect(answer.body.toString()).toBe('who are you')
  expect(answer.headers['sidekey-fallback']).toBe('refused-too')
  expect(bench.telemetry.count('request partner auth-failed')).toBe(1)
})

test('row 49: with two bad versions a thousand requests at once cost two attempts, then two per cooldown', async () => {
  bench = await Bench.start({ answer: accepting() })
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => bench.send({})))
  expect(bench.upstream.requests).toHaveLength(2)
  const statuses = answers.map((answer) => answer.status)
  expect(statuses.filter((status) => status === 401)).toHaveLength(1)
  expect(statuses.filter((status) => status === 503)).toHaveLength(999)
  const refused = answers.find((answer) => answer.status === 503)
  expect(refused?.headers['sidekey-error']).toBe('credential-unavailable')
  expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0)
  await bench.clock.advance(10_000)
  await Promise.all(Array.from({ length: 100 }, () => bench.send({})))
  expect(bench.upstream.requests).toHaveLength(4)
})

test.each([
  ['two bad versions', [liveVersion(2, S1), liveVersion(1, S2, 'previous')]],
  ['one bad version', [liveVersion(1, S1)]],
] as const)('row 49: %s cost two attempts, and two per 10 s', async (_name, live) => {
  bench = await Bench.start({
    versions: new FakeVersionSource('partner', live),
    answer: accepting(),
  })
  const statuses = new Set<number>()
  for (let elapsedMs = 0; elapsedMs < 60_000; elapsedMs += 100) {
    const answers = await Promise.all([bench.send({}), bench.send({})])
    for (const { status } of answers) statuses.add(status)
    const allowed = 2 + 2 * Math.ceil((elapsedMs + 1) / 10_000)
    expect(bench.upstream.requests.length).toBeLessThanOrEqual(allowed)
    await bench.clock.advance(100)
  }
  expect(statuses).toEqual(new Set([401, 503]))
})

const privateRefused: Answer = (request, response) => {
  response.statusCode = request.target.endsWith('/private') ? 401 : 200
  response.end('x')
}

test.each([
  ['one version', [liveVersion(1, S1)]],
  ['two versions', [liveVersion(2, S1), liveVersion(1, S2, 'previous')]],
] as const)(
  'row 50: %s of a fresh process, and a first 401 that is not about the secret: served after a second',
  async (_name, live) => {
    const versions = new FakeVersionSource('partner', live)
    bench = await Bench.start({ versions, answer: privateRefused })
    expect((await bench.send({ path: '/partner/private' })).status).toBe(401)
    expect((await bench.send({})).headers['retry-after']).toMatch(/^[12]$/)
    await bench.clock.advance(1_010)
    expect((await bench.send({})).status).toBe(200)
    for (let n = 0; n < 4; n++) await bench.send({ path: '/partner/private' })
    expect((await bench.send({})).status).toBe(200)
    expect(bench.upstream.requests.at(-1)?.values('x-api-key')).toEqual([S1])
  },
)

test('where the provider gives no answer, a request finds out after a second', async () => {
  const versions = new FakeVersionSource('partner', [liveVersion(1, S1)])
  versions.probe = () => Promise.resolve('inconclusive')
  bench = await Bench.start({ versions, answer: privateRefused })
  await bench.send({ path: '/partner/private' })
  expect((await bench.send({})).status).toBe(503)
  await bench.clock.advance(1_010)
  expect((await bench.send({})).status).toBe(200)
  expect((await bench.send({})).status).toBe(200)
})

test('where the provider refuses it too, no request finds out', async () => {
  const versions = new FakeVersionSource('partner', [liveVersion(1, S1)])
  versions.probe = () => Promise.resolve('refused')
  bench = await Bench.start({ versions, answer: accepting() })
  for (let n = 0; n < 50; n++) {
    await bench.send({})
    await bench.clock.advance(100)
  }
  expect(bench.upstream.requests).toHaveLength(1)
})

test('concurrent refusals of a version that worked heal by replay, and cause one refresh and one early look', async () => {
  bench = await Bench.start({ answer: accepting(S1, S2) })
  await bench.send({})
  const loads = bench.source.loads
  let waiting: (() => void)[] = []
  bench.upstream.answerWith((request, response) => {
    if (request.values('x-api-key')[0] === S2) {
      response.end('done')
      return
    }
    waiting.push(() => response.writeHead(401).end())
    if (waiting.length < 200) return
    for (const refuse of waiting) refuse()
    waiting = []
  })
  const answers = await Promise.all(Array.from({ length: 200 }, () => bench.send({})))
  expect(answers.every((answer) => answer.status === 200)).toBe(true)
  expect(bench.looks).toEqual(['partner'])
  expect(bench.source.loads - loads).toBe(1)
})

test('row 50: refusals that have nothing to do with the secret swap nothing', async () => {
  bench = await Bench.start({
    answer: (request, response) => {
      response.statusCode = request.target.endsWith('/private') ? 401 : 200
      response.end('x')
    },
  })
  for (let round = 0; round < 20; round++) {
    await bench.send({})
    expect((await bench.send({ path: '/partner/private' })).status).toBe(401)
  }
  await bench.send({})
  expect(bench.upstream.requests.at(-1)?.values('x-api-key')).toEqual([S1])
  // The rotation, which can ask, looks once per ten seconds.
  expect(bench.looks).toEqual(['partner'])
  await bench.clock.advance(10_000)
  expect(bench.looks).toEqual(['partner', 'partner'])
  await bench.clock.advance(60_000)
  expect(bench.looks).toEqual(['partner', 'partner'])
})

test('one request that is refused with two versions that worked is enough for an early look', async () => {
  bench = await Bench.start({ answer: accepting(S1, S2) })
  await bench.send({})
  bench.upstream.answerWith(accepting())
  expect((await bench.send({})).headers['sidekey-fallback']).toBe('refused-too')
  expect(bench.looks).toEqual(['partner'])
})

test('with one version only, the refusal is passed on with its reason', async () => {
  const versions = new FakeVersionSource('partner', [liveVersion(1, S1)])
  bench = await Bench.start({ versions, answer: accepting() })
  const answer = await bench.send({})
  expect(answer.status).toBe(401)
  expect(answer.headers['sidekey-fallback']).toBe('no-other-version')
})

const plain = (text: string): Buffer => Buffer.from(text)

const inBody = (status: string, encode: (text: string) => Buffer = plain): Answer => {
  return (request, response) => {
    const good = request.values('x-api-key')[0] === S2
    const text = JSON.stringify({
      messages: [{ status: good ? '0' : status }, { status: '0' }].slice(0, good ? 2 : 1),
    })
    const body = encode(text)
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': body.length,
      ...(encode === gzipSync ? { 'content-encoding': 'gzip' } : {}),
    })
    response.end(body)
  }
}

const bodyRule = {
  endpoint: { authFailure: [{ status: 200, json: '/messages/*/status', in: ['4'] }] },
}

test.each([
  ['plain', plain],
  ['gzip', gzipSync],
] as const)('a refusal at HTTP 200 is found in a %s body, and healed', async (_name, encode) => {
  bench = await Bench.start({
    ...bodyRule,
    answer: inBody('4', encode),
  })
  const answer = await bench.send({ method: 'POST', body: 'a=1' })
  expect(bench.upstream.requests).toHaveLength(2)
  const good = encode('{"messages":[{"status":"0"},{"status":"0"}]}')
  expect(answer.body.equals(good)).toBe(true)
})

test('a status that is no refusal is passed on without a replay', async () => {
  bench = await Bench.start({ ...bodyRule, answer: inBody('9') })
  await bench.send({ method: 'POST', body: 'a=1' })
  expect(bench.upstream.requests).toHaveLength(1)
})

test('an array in which only some were refused is never replayed', async () => {
  bench = await Bench.start({
    ...bodyRule,
    answer: (_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end('{"messages":[{"status":"0"},{"status":"4"}]}')
    },
  })
  const answer = await bench.send({ method: 'POST', body: 'a=1' })
  expect(answer.status).toBe(200)
  expect(answer.headers['sidekey-fallback']).toBe('mixed-results')
  expect(bench.upstream.requests).toHaveLength(1)
})

test('an answer too large to look into is streamed on', async () => {
  const big = JSON.stringify({ messages: [{ status: '4' }], pad: 'x'.repeat(300_000) })
  bench = await Bench.start({
    ...bodyRule,
    answer: (_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(big)
    },
  })
  const answer = await bench.send({})
  expect(answer.body.toString()).toBe(big)
  expect(bench.upstream.requests).toHaveLength(1)
})

test('uses are kept by version, where whoever asks can read them', async () => {
  let startedAtMs: number | null | undefined
  bench = await Bench.start({
    answer: (_request, response) => {
      startedAtMs = bench.lastUses?.lastUsedAtMs('g2')
      response.end()
    },
  })
  expect(bench.lastUses?.lastUsedAtMs('g2')).toBeNull()
  await bench.send({})
  expect(startedAtMs).toBe(bench.clock.now())
  expect(bench.lastUses?.lastUsedAtMs('g2')).toBe(bench.clock.now())
  expect(bench.lastUses?.lastUsedAtMs('g1')).toBeNull()
})
