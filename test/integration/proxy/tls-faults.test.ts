import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer, type SecureVersion, type Server } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import {
  generateKeys,
  type Identity,
  issueAuthority,
  issueLeaf,
} from '../../../src/authority/issue.ts'
import { CryptoRandom } from '../../../src/platform/crypto-random.ts'
import { Bench, S1 } from './bench.ts'

const random = new CryptoRandom()
const nowMs = Date.now()
const DAY_MS = 86_400_000
const authority = issueAuthority(generateKeys(), ['localhost', 'other.example'], nowMs, random)
const pem = ({ certificate }: Identity): string => certificate.toString()
const ca = pem(authority)
const good = issueLeaf(authority, 'localhost', nowMs, random)

let bench: Bench
let server: Server
/** What came in behind the handshake. */
let received = 0
afterEach(async () => {
  await bench.stop()
  server.close()
})

interface Setting {
  readonly leaf?: Identity
  readonly maxVersion?: SecureVersion
  readonly trusted?: string
  readonly pins?: readonly string[]
}

async function start({ leaf = good, maxVersion = 'TLSv1.3', trusted = ca, pins }: Setting) {
  received = 0
  server = createServer(
    {
      key: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      cert: pem(leaf),
      minVersion: 'TLSv1',
      maxVersion,
      ciphers: 'DEFAULT:@SECLEVEL=0',
    },
    (socket) => {
      socket.on('error', () => {})
      socket.on('data', (data) => {
        received += data.length
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      })
    },
  )
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`
  bench = await Bench.start({
    origin,
    route: { upstream: { origin, insecure: false, ...(pins === undefined ? {} : { pins }) } },
    config: { upstream: { ca: trusted } },
  })
}

function pinOf({ publicKey }: Identity): string {
  const bytes = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(bytes).digest('base64')
}

const other = issueLeaf(authority, 'other.example', nowMs, random)
const expired = issueLeaf(authority, 'localhost', nowMs - 3 * DAY_MS, random)
const early = issueLeaf(authority, 'localhost', nowMs + 3 * DAY_MS, random)
const constrained = issueAuthority(generateKeys(), ['localhost'], nowMs, random)
const file = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../fakes/tls', name), 'utf8')
const key = createPrivateKey(file('leaf.key'))
const self: Identity = {
  privateKey: key,
  publicKey: createPublicKey(key),
  certificate: new X509Certificate(file('self.pem')),
}

test.each<[string, Setting, string]>([
  ['an expired certificate', { leaf: expired }, 'certificate-expired'],
  ['a certificate of the future', { leaf: early }, 'certificate-expired'],
  ['a certificate for another name', { leaf: other }, 'certificate-name'],
  ['a self-signed certificate', { leaf: self }, 'certificate-self-signed'],
  [
    'an authority as a server',
    { leaf: constrained, trusted: pem(constrained) },
    'certificate-untrusted',
  ],
  ['an authority that nobody trusts', { trusted: pem(constrained) }, 'certificate-untrusted'],
  ['TLS 1.1', { maxVersion: 'TLSv1.1' }, 'tls-version'],
  ['another key than the pinned one', { pins: [pinOf(other)] }, 'certificate-pin'],
  ['the right key for another name', { leaf: other, pins: [pinOf(other)] }, 'certificate-name'],
])('row 55: %s is a 502, 0 bytes of HTTP, and a reason', async (_name, setting, reason) => {
  await start(setting)
  for (const method of ['GET', 'POST']) {
    const answer = await bench.send({ method, ...(method === 'POST' ? { body: 'x' } : {}) })
    expect([answer.status, answer.headers['sidekey-error']]).toEqual([502, 'upstream-unreachable'])
    expect(answer.body.toString()).not.toContain(S1)
  }
  expect(received).toBe(0)
  expect(bench.telemetry.count(`fault partner ${reason}`)).toBe(2)
})

test('T27: a pinned key is accepted, beside others, on every connection', async () => {
  await start({ pins: [pinOf(other), pinOf(good)] })
  for (let i = 0; i < 3; i++) expect((await bench.send({ method: 'POST' })).status).toBe(200)
})

test('other faults have their reason too', async () => {
  await start({})
  server.close()
  await bench.stop()
  bench = await Bench.start({ origin: 'http://127.0.0.1:1' })
  await bench.send({})
  expect(bench.telemetry.count('fault partner refused')).toBe(1)
})
