import { createHmac, generateKeyPairSync } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import type { Injection } from '../../../src/kernel/route.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { createSigner } from '../../../src/signers/create-signer.ts'
import { authorizationOf } from '../../../src/signers/sigv4/sign-aws-request.ts'
import { SeededRandom } from '../../fakes/random.ts'
import type { Answer, SeenRequest } from '../../fakes/upstream.ts'
import { FakeVersionSource, liveVersion } from '../../fakes/version-source.ts'
import { Bench, S1, S2 } from './bench.ts'

let bench: Bench
afterEach(() => bench.stop())

const random = new SeededRandom(1)
const deps = { signer: (spec: Parameters<typeof createSigner>[0]) => createSigner(spec, random) }
const HMAC: Injection = {
  kind: 'signed',
  signer: {
    kind: 'hmac',
    algorithm: 'sha256',
    key: 'utf8',
    output: 'hex',
    timestamp: 'seconds',
    bodyHash: { algorithm: 'sha256', output: 'hex' },
    sign: '{timestamp}{method}{target}{body}',
    headers: [
      { name: 'X-Signature', template: 'v1={signature}' },
      { name: 'X-Timestamp', template: '{timestamp}' },
    ],
  },
}
const sigv4 = (payload: 'signed' | 'unsigned'): Injection => ({
  kind: 'signed',
  signer: { kind: 'sigv4', region: 'eu-central-1', service: 's3', accessKeyId: null, payload },
})
const P1 = `AKIACURRENT:${S1}:SESSION1`
const P2 = `AKIAPREVIOUS:${S2}`
const pairs = () =>
  new FakeVersionSource('partner', [liveVersion(2, P1), liveVersion(1, P2, 'previous')])
const substitute = (bodies: 'read' | 'pass' = 'read'): Injection => ({
  kind: 'substitute',
  substitution: {
    before: 'SIDEKEY_',
    after: '',
    bodies,
    surfaces: [
      { kind: 'path', name: null },
      { kind: 'header', name: 'authorization' },
      ...(bodies === 'read' ? [{ kind: 'json', name: null } as const] : []),
    ],
  },
})
const start = (inject: Injection, more: Parameters<typeof Bench.start>[0] = {}) =>
  Bench.start({ endpoint: { inject: [inject] }, deps, ...more })
const seen = () => bench.upstream.requests[0]
const JSON_TYPE = { 'content-type': 'application/json' }

test("an HMAC over the request as it is sent replaces the caller's own", async () => {
  bench = await start(HMAC)
  const body = '{"price": 1.0}'
  const headers = { ...JSON_TYPE, x_signature: 'evil', 'X-Timestamp': '1' }
  await bench.send({ method: 'POST', path: '/partner/v1/a%20b?x=%2f', headers, body })
  const timestamp = Math.floor(bench.clock.now() / 1_000)
  const signature = createHmac('sha256', S1).update(`${timestamp}POST/v1/a%20b?x=%2f${body}`)
  expect(seen()?.values('x-signature')).toEqual([`v1=${signature.digest('hex')}`])
  expect(seen()?.values('x-timestamp')).toEqual([String(timestamp)])
  expect(seen()?.fields.join(' ')).not.toContain('evil')
})

test('a content-encoded body is signed as its bytes', async () => {
  bench = await start(HMAC)
  const body = Buffer.from([0x1f, 0x8b, 0xff, 0x00])
  await bench.send({ method: 'POST', headers: { 'content-encoding': 'gzip' }, body })
  const timestamp = Math.floor(bench.clock.now() / 1_000)
  const mac = createHmac('sha256', S1).update(`${timestamp}POST/v1/things`).update(body)
  expect(seen()?.values('x-signature')).toEqual([`v1=${mac.digest('hex')}`])
})

test.each([
  ['HMAC', HMAC],
  ['SigV4', sigv4('signed')],
  ['placeholders', substitute()],
])('a body that can not be held is refused, never sent mis-signed: %s', async (_name, inject) => {
  bench = await start(inject, { config: { replayBodyMaxBytes: 1_000 }, versions: pairs() })
  const headers = { authorization: 'Bearer SIDEKEY_secret' }
  const answer = await bench.send({ method: 'POST', headers, body: 'x'.repeat(200_000) })
  expect(answer.status).toBe(413)
  expect(bench.upstream.requests).toEqual([])
})

test('a refused signature is made anew with the other secret', async () => {
  bench = await start(HMAC, { answer: refusing((request) => isBy(S1, request)) })
  expect((await bench.send({ method: 'POST', body: 'b' })).status).toBe(200)
  expect(bench.upstream.requests.map((request) => isBy(S2, request))).toEqual([false, true])
})

test("SigV4 replaces what the caller's SDK has signed, in header and query", async () => {
  bench = await start(sigv4('signed'), { versions: pairs() })
  await bench.send({
    method: 'PUT',
    path: '/partner/bucket/a%20b?x=1&X-Amz-Signature=evil&X-Amz-Credential=evil',
    headers: {
      Authorization: 'AWS4-HMAC-SHA256 Credential=evil',
      'X-Amz-Date': 'evil',
      'x-amz-security-token': 'evil',
      'x-amz-content-sha256': 'evil',
      'x-amz-meta-a': 'kept',
    },
    body: 'hello',
  })
  const request = seen()
  expect(`${request?.target} ${request?.fields.join(' ')}`).not.toContain('evil')
  expect(request?.target).toBe('/bucket/a%20b?x=1')
  expect(request?.values('x-amz-security-token')).toEqual(['SESSION1'])
  const expected = authorizationOf(
    {
      method: 'PUT',
      host: request?.values('host')[0] ?? '',
      path: '/bucket/a%20b',
      query: 'x=1',
      fields: (request?.fields ?? []).flatMap((name, i, all) =>
        i % 2 === 0 && name.toLowerCase().startsWith('x-amz-') ? [name, all[i + 1] ?? ''] : [],
      ),
      payloadHash: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    },
    { accessKeyId: 'AKIACURRENT', secretAccessKey: new SecretValue(S1) },
    { region: 'eu-central-1', service: 's3' },
    bench.clock.now(),
  )
  expect(request?.values('authorization')).toEqual([expected])
})

test('both parts of an AWS key change together when one is refused', async () => {
  const answer = refusing((request) => request.fields.join(' ').includes('AKIACURRENT'))
  bench = await start(sigv4('signed'), { versions: pairs(), answer })
  expect((await bench.send({})).status).toBe(200)
  const [first, second] = bench.upstream.requests
  expect(first?.values('x-amz-security-token')).toEqual(['SESSION1'])
  expect(second?.values('authorization')[0]).toContain('Credential=AKIAPREVIOUS/')
  expect(second?.values('x-amz-security-token')).toEqual([])
})

test('an unsigned payload is streamed, and says so; chunks signed by the caller are refused', async () => {
  const config = { replayBodyMaxBytes: 1_000 }
  bench = await start(sigv4('unsigned'), { versions: pairs(), config })
  const body = 'x'.repeat(200_000)
  const sent = (sha256: string) =>
    bench.send({ method: 'PUT', headers: { 'x-amz-content-sha256': sha256 }, body })
  expect((await sent('whatever')).status).toBe(200)
  expect((await sent('STREAMING-UNSIGNED-PAYLOAD-TRAILER')).status).toBe(200)
  expect((await sent('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')).status).toBe(415)
  const hashes = bench.upstream.requests.map((one) => one.values('x-amz-content-sha256')[0])
  expect(hashes).toEqual(['UNSIGNED-PAYLOAD', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'])
  expect(bench.upstream.requests[0]?.body.length).toBe(200_000)
})

const JWT: Injection = {
  kind: 'signed',
  signer: { kind: 'jwt', algorithm: 'RS256', lifetimeMs: 900_000, claims: [] },
}
const privateKey = () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()

test.each([
  ['a minted token', JWT, privateKey(), /^Bearer (.+)$/],
  ['a session token', sigv4('signed'), `AKIA:${S1}:Se/ss+io=n1`, /^(Se.+)$/],
])('%s that an upstream echoes is masked like a secret', async (_name, inject, secret, pattern) => {
  const tokens = (request: SeenRequest) =>
    request.fields.flatMap((value) => pattern.exec(value)?.[1] ?? [])
  bench = await start(inject, {
    versions: new FakeVersionSource('partner', [liveVersion(1, secret)]),
    route: { maskBody: true },
    answer: (request, response) => {
      const [token = ''] = tokens(request)
      const location = `/?t=${encodeURIComponent(token)}`
      response.writeHead(401, { 'www-authenticate': `Bearer bad="${token}"`, location })
      response.write(`<Token-0>${token.slice(0, 5)}`)
      response.end(`${token.slice(5)}</Token-0>`)
    },
  })
  const answer = await bench.send({})
  const [token = ''] = bench.upstream.requests.flatMap(tokens)
  expect(token.length).toBeGreaterThan(10)
  expect(answer.headers['www-authenticate']).toBe(`Bearer bad="${'*'.repeat(token.length)}"`)
  expect(answer.headers.location).toMatch(/^\/\?t=\*+$/)
  expect(answer.body.toString()).toBe(`<Token-0>${'*'.repeat(token.length)}</Token-0>`)
})

test('a secret that is no pair is refused before anything is sent', async () => {
  bench = await start(sigv4('signed'))
  const answer = await bench.send({})
  expect(answer.status).toBe(503)
  expect(answer.headers['sidekey-error']).toBe('credential-unavailable')
  expect(bench.upstream.requests).toEqual([])
})

test('placeholders are replaced in path, header and body, and the length follows', async () => {
  bench = await start(substitute())
  const authorization = `Basic ${Buffer.from('me:SIDEKEY_secret').toString('base64')}`
  await bench.send({
    method: 'POST',
    path: '/partner/bot/SIDEKEY_secret?q=%zz',
    headers: { ...JSON_TYPE, authorization },
    body: '{"n":1e400, "k":"SIDEKEY_secret"}',
  })
  expect(seen()?.target).toBe(`/bot/${S1}?q=%zz`)
  const basic = Buffer.from(`me:${S1}`).toString('base64')
  expect(seen()?.values('authorization')).toEqual([`Basic ${basic}`])
  expect(seen()?.body.toString()).toBe(`{"n":1e400, "k":"${S1}"}`)
  expect(seen()?.values('content-length')).toEqual([String(seen()?.body.length)])
})

test('a refused secret is replaced by the other one in every place', async () => {
  const answer = refusing((request) => request.target.includes(S1))
  bench = await start(substitute(), { answer })
  expect((await bench.send({ path: '/partner/SIDEKEY_secret' })).status).toBe(200)
  expect(bench.upstream.requests[1]?.target).toBe(`/${S2}`)
})

test.each([
  ['unknown', { path: '/partner/SIDEKEY_other' }],
  ['in the query', { path: '/partner/SIDEKEY_secret?a=SIDEKEY_secret' }],
  ['in another header', { headers: { 'x-a': 'SIDEKEY_secret' } }],
  ['in a text', { method: 'POST', path: '/partner/SIDEKEY_secret', body: 'SIDEKEY_secret' }],
  ['missing', { path: '/partner/things' }],
])('an unresolved placeholder is refused, never forwarded: %s', async (_name, request) => {
  bench = await start(substitute())
  const answer = await bench.send(request)
  expect(answer.status).toBe(400)
  expect(answer.headers['sidekey-error']).toBe('placeholder-unresolved')
  expect(answer.body.toString()).not.toContain('SIDEKEY_')
  expect(bench.upstream.requests).toEqual([])
})

test('a secret that would move a request is refused by its path', async () => {
  const versions = new FakeVersionSource('partner', [liveVersion(1, '..')])
  bench = await start(substitute(), { versions })
  const answer = await bench.send({ path: '/partner/a/SIDEKEY_secret/b' })
  expect(answer.status).toBe(400)
  expect(answer.headers['sidekey-error']).toBe('path-refused')
  expect(bench.upstream.requests).toEqual([])
})

test('where bodies pass, a large one is streamed', async () => {
  bench = await start(substitute('pass'), { config: { replayBodyMaxBytes: 1_000 } })
  const body = 'x'.repeat(200_000)
  const answer = await bench.send({ method: 'POST', path: '/partner/SIDEKEY_secret', body })
  expect(answer.status).toBe(200)
  expect(seen()?.body.length).toBe(200_000)
})

function refusing(isRefused: (request: SeenRequest) => boolean): Answer {
  return (request, response) => {
    // Its time is not that of the proxy here, which a refusal would be blamed on.
    response.sendDate = false
    response.writeHead(isRefused(request) ? 401 : 200).end()
  }
}

/** Whether the upstream would find this secret's signature. */
function isBy(secret: string, request: SeenRequest): boolean {
  const [timestamp] = request.values('x-timestamp')
  const mac = createHmac('sha256', secret)
    .update(`${timestamp}${request.method}${request.target}`)
    .update(request.body)
  return request.values('x-signature')[0] === `v1=${mac.digest('hex')}`
}
