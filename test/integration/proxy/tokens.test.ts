import { afterEach, expect, test } from 'vitest'
import type { LiveVersion } from '../../../src/kernel/credential.ts'
import type { HeldToken, OAuth2Spec, TokenSource } from '../../../src/kernel/ports/token-source.ts'
import type { VersionSource } from '../../../src/kernel/ports/version-source.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import type { Answer } from '../../fakes/upstream.ts'
import { FakeVersionSource, liveVersion } from '../../fakes/version-source.ts'
import { Bench } from './bench.ts'

const T1 = 'T1-canary-token-Aa0Bb1'
const T2 = 'T2-canary-token-Cc2Dd3'
const SPEC: OAuth2Spec = {
  tokenUrl: 'https://login.example/token',
  clientId: 'id',
  clientAuth: 'basic',
  parameters: [],
  lifetimeMs: 300_000,
}

/** Tokens that a test sets, by version. */
class FakeTokens implements TokenSource {
  readonly current = new Map<string, string>()
  /** What a renewal gives; none: it does not succeed. */
  readonly next = new Map<string, string>()
  readonly renewed: string[] = []
  retryAfterMs: number | null = 7_000

  tokenOf(version: LiveVersion): HeldToken | null {
    const text = this.current.get(version.versionId)
    return text === undefined ? null : { version, value: new SecretValue(text) }
  }

  ready(): Promise<number | null> {
    return Promise.resolve(this.current.size > 0 ? null : this.retryAfterMs)
  }

  renew({ version }: HeldToken): Promise<boolean> {
    this.renewed.push(version.versionId)
    const text = this.next.get(version.versionId)
    if (text === undefined) return Promise.resolve(false)
    this.current.set(version.versionId, text)
    return Promise.resolve(true)
  }
}

let bench: Bench
let tokens: FakeTokens
afterEach(() => bench.stop())

const CURRENT = liveVersion(2, 'client-secret-2')
const PREVIOUS = liveVersion(1, 'client-secret-1', 'previous')

async function start(answer: Answer, versions: readonly LiveVersion[] = [CURRENT]) {
  tokens = new FakeTokens()
  tokens.current.set('g2', T1)
  bench = await Bench.start({
    endpoint: { inject: [{ kind: 'token', oauth2: SPEC }] },
    versions: new FakeVersionSource('partner', versions),
    config: { tokens: () => tokens },
    answer,
  })
}

const refusing =
  (...dead: readonly string[]): Answer =>
  (request, response) => {
    const sent = request.values('authorization')[0] ?? ''
    response.writeHead(dead.some((token) => sent === `Bearer ${token}`) ? 401 : 200).end()
  }
const sentTokens = () => bench.upstream.requests.flatMap((one) => one.values('authorization'))

test("the token replaces the caller's own Authorization", async () => {
  await start(refusing())
  await bench.send({ headers: { authorization: 'Basic evil' } })
  expect(sentTokens()).toEqual([`Bearer ${T1}`])
})

test('a refused token is made anew and the request replayed, though there is one secret only', async () => {
  await start(refusing(T1))
  tokens.next.set('g2', T2)
  const answer = await bench.send({ method: 'POST', body: 'twice' })
  expect(answer.status).toBe(200)
  expect(sentTokens()).toEqual([`Bearer ${T1}`, `Bearer ${T2}`])
  expect(bench.upstream.requests.map(({ body }) => body.toString())).toEqual(['twice', 'twice'])
  // The secret was never in doubt.
  expect(bench.looks).toEqual([])
  expect(bench.log.events.map(({ event }) => event)).not.toContain('secret version refused')
})

test('where no other token is to be had, the other secret has one', async () => {
  await start(refusing(T1), [CURRENT, PREVIOUS])
  tokens.current.set('g1', T2)
  expect((await bench.send({})).status).toBe(200)
  expect(sentTokens()).toEqual([`Bearer ${T1}`, `Bearer ${T2}`])
  expect(tokens.renewed).toEqual(['g2'])
})

test('a 401 that no token cures reaches the client, once', async () => {
  await start((_request, response) => response.writeHead(401).end())
  const answer = await bench.send({})
  expect(answer.status).toBe(401)
  expect(answer.headers['sidekey-fallback']).toBe('no-other-version')
  expect(bench.upstream.requests).toHaveLength(1)
})

test('a request that can not be sent again still has its token renewed, for the next one', async () => {
  await start(refusing(T1))
  tokens.next.set('g2', T2)
  const body = 'x'.repeat(2 * 1024 * 1024)
  expect((await bench.send({ method: 'POST', body })).status).toBe(401)
  expect(tokens.renewed).toEqual(['g2'])
  // The one secret does not rest for that.
  expect((await bench.send({})).status).toBe(200)
})

test('a version without a token is passed over', async () => {
  await start(refusing(), [CURRENT, PREVIOUS])
  tokens.current.clear()
  tokens.current.set('g1', T2)
  expect((await bench.send({})).status).toBe(200)
  expect(sentTokens()).toEqual([`Bearer ${T2}`])
})

test('without any token a request is told when to come again, and nothing is sent', async () => {
  await start(refusing())
  tokens.current.clear()
  const answer = await bench.send({})
  expect(answer.status).toBe(503)
  expect(answer.headers['sidekey-error']).toBe('credential-unavailable')
  expect(answer.headers['retry-after']).toBe('7')
  expect(bench.upstream.requests).toEqual([])
})

test('a token that is too new to be known, or gone already, is masked in the answer of its request', async () => {
  await start((request, response) =>
    response.writeHead(200, { 'x-echo': request.values('authorization')[0] ?? '' }).end(),
  )
  expect((await bench.send({})).headers['x-echo']).toBe(`Bearer ${'*'.repeat(T1.length)}`)
})

test('a token that an upstream echoes is masked', async () => {
  const base = new FakeVersionSource('partner', [CURRENT])
  const echoing: VersionSource = {
    credentialId: 'partner',
    watch: (changed) => base.watch(changed),
    load: async () => ({ ...(await base.load()), echoes: [new SecretValue(T1)] }),
  }
  tokens = new FakeTokens()
  tokens.current.set('g2', T1)
  bench = await Bench.start({
    endpoint: { inject: [{ kind: 'token', oauth2: SPEC }] },
    config: { tokens: () => tokens, sources: new Map([['partner', echoing]]) },
    answer: (request, response) =>
      response.writeHead(200, { 'x-echo': request.values('authorization')[0] ?? '' }).end(),
  })
  expect((await bench.send({})).headers['x-echo']).toBe(`Bearer ${'*'.repeat(T1.length)}`)
})
