import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Bench } from './fetch.ts'

const pem = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../fakes/tls', name), 'utf8')

const bench = new Bench()
afterEach(() => bench.end())

test('a server whose certificate nobody vouches for gets no token', async () => {
  let calls = 0
  const server = createServer({ cert: pem('localhost.pem'), key: pem('leaf.key') }, (_, answer) => {
    calls++
    answer.end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const look = bench.open({
    kind: 'vault',
    address: `https://localhost:${port}`,
    mount: 'secret',
    path: 'partner',
    key: 'password',
    namespace: null,
    version: 'current',
    refreshMs: 60_000,
    login: { kind: 'token', token: { kind: 'file', path: bench.write('token', 'hvs.canary') } },
  })
  const found = await look()
  expect(found).toMatch(/^unavailable: can not be reached \([A-Z_]+\)$/)
  expect(calls).toBe(0)
  server.close()
})
