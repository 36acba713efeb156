import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { SecureVersion } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { Bench, S1 } from './bench.ts'

/** Made for tests: an authority, and certificates of one throw-away key. */
const file = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../fakes/tls', name), 'utf8')

let bench: Bench
let server: Server
let requests = 0
afterEach(async () => {
  await bench.stop()
  server.close()
})

async function start(certificate: string, maxVersion: SecureVersion, ca?: string): Promise<void> {
  requests = 0
  server = createServer(
    {
      key: file('leaf.key'),
      cert: file(certificate),
      maxVersion,
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT:@SECLEVEL=0',
    },
    (request, response) => {
      requests++
      response.end(request.headers['x-api-key'])
    },
  )
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`
  bench = await Bench.start({ origin, config: { upstream: ca === undefined ? {} : { ca } } })
}

test('a certificate of a trusted authority for the name is accepted', async () => {
  await start('localhost.pem', 'TLSv1.3', file('ca.pem'))
  const answer = await bench.send({})
  expect(answer.status).toBe(200)
  expect(requests).toBe(1)
})

test.each([
  ['a certificate for another name', 'other.pem', 'TLSv1.3', 'ca.pem'],
  ['a self-signed certificate', 'self.pem', 'TLSv1.3', 'ca.pem'],
  ['an authority that nobody trusts', 'localhost.pem', 'TLSv1.3', null],
  ['TLS 1.1', 'localhost.pem', 'TLSv1.1', 'ca.pem'],
] as const)(
  'row 55: %s is a 502, and no byte of the request is sent',
  async (_n, cert, max, ca) => {
    await start(cert, max, ca === null ? undefined : file(ca))
    for (const method of ['GET', 'POST']) {
      const answer = await bench.send({ method })
      expect(answer.status).toBe(502)
      expect(answer.headers['sidekey-error']).toBe('upstream-unreachable')
      expect(answer.body.toString()).not.toContain(S1)
    }
    expect(requests).toBe(0)
  },
)
