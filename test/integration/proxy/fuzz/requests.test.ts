import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Route } from '../../../../src/kernel/route.ts'
import { SeededRandom } from '../../../fakes/random.ts'
import { FakeVersionSource, liveVersion } from '../../../fakes/version-source.ts'
import { Bench, S1, S2 } from '../bench.ts'
import { canonical, nominated, pairs } from './field-pairs.ts'
import { readAnswers, type ReadAnswer } from './read-answers.ts'
import { RecordingServer, type Understood } from './recording-server.ts'
import { RequestBytes, type Sent } from './request-bytes.ts'

// Random bytes through Sidekey, and the same bytes to a `node:http` server: the upstream has seen what that server has
// understood, or less, and never more. `FUZZ_SEED` and `FUZZ_SEEDS` look elsewhere, and for longer.
const FIRST_SEED = Number(process.env['FUZZ_SEED'] ?? 1)
const SEEDS = Number(process.env['FUZZ_SEEDS'] ?? 300)

const reference = new RecordingServer((_request, response) => response.end())
const upstream = new RecordingServer(({ target, method }, response) => {
  response.setHeader('x-id', idIn(target))
  response.end(method === 'HEAD' ? '' : `answer of ${idIn(target)}`)
})
let bench: Bench

beforeAll(async () => {
  await reference.start()
  const origin = await upstream.start()
  const endpoint = {
    paths: ['/**'],
    inject: [{ kind: 'header', name: 'X-Api-Key', format: '{secret}' }],
  } as const
  const route = (name: string): Route => ({
    name,
    pathPrefix: `/${name}`,
    hosts: [],
    upstream: { origin, insecure: false },
    credentialIds: [name],
    allow: null,
    endpoints: [{ ...endpoint, authFailure: name === 'partner' ? [{ status: 401 }] : [] }],
  })
  const sources = new Map([
    [
      'partner',
      new FakeVersionSource('partner', [liveVersion(2, S1), liveVersion(1, S2, 'previous')]),
    ],
    ['stream', new FakeVersionSource('stream', [liveVersion(2, S1)])],
  ])
  bench = await Bench.start({
    origin,
    config: {
      routes: [route('partner'), route('stream')],
      sources,
      replayBodyMaxBytes: 100_000,
      forward: true,
    },
  })
})
afterAll(async () => {
  await bench.stop()
  await upstream.stop()
  await reference.stop()
})

test(`what ${SEEDS} clients say is understood as Node understands it, or refused`, async ({
  onTestFailed,
}) => {
  let seed = FIRST_SEED
  onTestFailed(() => console.log(`again: FUZZ_SEED=${seed} FUZZ_SEEDS=1`))
  for (; seed < FIRST_SEED + SEEDS; seed++) {
    const random = new SeededRandom(seed)
    const sent = new RequestBytes(random, `s${seed}`, `localhost:${bench.port}`).connection()
    const understood = await reference.understand(sent.bytes)
    upstream.seen.length = 0
    const text = await exchange(sent, random, understood)
    check(sent, understood, upstream.seen, text)
  }
  expect(bench.log.events.filter(({ level }) => level === 'error')).toEqual([])
  expect((await bench.send({ path: '/stream/q?n=last' })).status).toBe(200)
})

/** Sends it in random pieces. @returns all that came back until the connection has ended */
async function exchange(
  { bytes, honest }: Sent,
  random: SeededRandom,
  understood: readonly Understood[],
): Promise<string> {
  const socket = connect({
    port: bench.port,
    host: '127.0.0.1',
    noDelay: true,
    allowHalfOpen: true,
  })
  let text = ''
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const answered = Promise.withResolvers<void>()
  const count = understood.filter(({ complete }) => complete).length
  const methods = understood.map(({ method }) => method)
  socket.on('error', () => {})
  socket.once('end', () => socket.end())
  socket.on('data', (data: Buffer) => {
    text += data.toString('latin1')
    if (wholeAnswers(text, methods) >= count) answered.resolve()
  })
  await once(socket, 'connect')
  const most = random.int(3) === 0 ? 3 : random.int(2) === 0 ? 40 : 100_000
  const tiny = bytes.length < 2_000 ? most : 100_000
  for (let at = 0; at < bytes.length && !socket.destroyed;) {
    const size = 1 + random.int(tiny)
    socket.write(bytes.subarray(at, at + size))
    at += size
    await new Promise((resolve) => setImmediate(resolve))
  }
  // Whoever says no more before the last answer is whole loses it, as it should be with a few that are not honest.
  const leaves = !honest && random.int(5) === 0
  if (count > 0 && !leaves) await Promise.race([answered.promise, closed])
  socket.end()
  await closed
  return text
}

function wholeAnswers(text: string, methods: readonly string[]): number {
  try {
    return readAnswers(text, methods).filter(({ whole }) => whole).length
  } catch {
    return 0
  }
}

function check(
  { honest }: Sent,
  understood: readonly Understood[],
  seen: readonly Understood[],
  text: string,
): void {
  expect([text.includes(S1), text.includes(S2)]).toEqual([false, false])
  const wanted = understood.filter(({ complete }) => complete)
  if (honest) expect(seen.map(shape)).toEqual(wanted.map(expected))
  if (understood.some(asksForOther)) return
  let next = 0
  for (const request of seen) {
    const at = understood.findIndex(
      (other, i) => i >= next && expected(other).target === request.target,
    )
    expect(at, `${request.method} ${request.target} is no request`).toBeGreaterThanOrEqual(0)
    next = at + 1
    const other = understood[at]
    if (other === undefined) continue
    expect(shape(request).fields).toEqual(expected(other).fields)
    if (request.complete) expect([shape(request), other.complete]).toEqual([expected(other), true])
  }
  const answers = readAnswers(
    text,
    understood.map(({ method }) => method),
  )
  checkAnswers(answers, understood, honest)
}

/** Whatever stands behind it is not understood by Node, which gives the connection up. */
function asksForOther({ method, fields }: Understood): boolean {
  return method === 'CONNECT' || /websocket/.test(fields.join())
}

function checkAnswers(
  answers: readonly ReadAnswer[],
  understood: readonly Understood[],
  honest: boolean,
): void {
  expect(answers.length).toBeLessThanOrEqual(understood.length + 1)
  answers.forEach(({ status, fields, body, whole }, i) => {
    const asked = understood[i]
    const own = fields.get('sidekey-error')
    const isLast = i === answers.length - 1
    expect(isLast || (whole && fields.get('connection') === 'keep-alive')).toBe(true)
    if (own !== undefined) {
      if (own === 'malformed-request')
        expect([fields.get('connection'), isLast]).toEqual(['close', true])
      return
    }
    if (asked?.method === 'OPTIONS' && asked.target === '*') return
    const id = idIn(asked?.target ?? '')
    expect([status, fields.get('x-id'), body]).toEqual([
      200,
      id,
      asked?.method === 'HEAD' ? '' : `answer of ${id}`,
    ])
  })
  if (honest) expect(answers.map(({ status }) => status)).toEqual(understood.map(() => 200))
}

const idIn = (target: string): string => /n=([\w-]+)/.exec(target)?.[1] ?? ''

const HOP =
  /^(connection|content-length|expect|host|http2-settings|keep-alive|proxy-(authenticate|authorization|connection)|sidekey-client|te|trailer|transfer-encoding|upgrade|x-api-key)$/
const NEVER_BEHIND = /^(content-.*|authorization)$/

interface Shape {
  readonly method: string
  readonly target: string
  readonly fields: readonly string[]
  readonly trailers: readonly string[]
  readonly body: Buffer
}

/** A request as the upstream has to see it. */
function expected({ method, target, fields, trailers, body }: Understood): Shape {
  const named = nominated(fields)
  const kept = pairs(fields).filter(
    ([name]) => !HOP.test(canonical(name)) && !named.includes(canonical(name)),
  )
  const behind = pairs(trailers).filter(
    ([name]) => !HOP.test(canonical(name)) && !NEVER_BEHIND.test(canonical(name)),
  )
  return {
    method,
    target: target.replace(/^http:\/\/[^/]*/, '').replace(/^\/(partner|stream)\//, '/'),
    fields: kept.flat(),
    trailers: behind.flat(),
    body,
  }
}

/** What the upstream has seen, without what Sidekey has written. */
function shape({ method, target, fields, trailers, body }: Understood): Shape {
  const all = pairs(fields)
  const keys = all.filter(([name]) => canonical(name) === 'x-api-key')
  expect(keys.map(([, value]) => value)).toEqual([S1])
  expect(all.filter(([name]) => name.toLowerCase() === 'host')).toHaveLength(1)
  const kept = all.filter(
    ([name]) =>
      !/^(host|connection|content-length|transfer-encoding|expect|x-api-key)$/.test(
        name.toLowerCase(),
      ),
  )
  return { method, target, fields: kept.flat(), trailers, body }
}
