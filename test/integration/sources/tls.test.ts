import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSilentServer } from '../../fakes/silent-server.ts'
import { Bench, vaultSource } from './fetch.ts'

const pem = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../fakes/tls', name), 'utf8')

let bench: Bench
beforeEach(() => {
  bench = new Bench()
})
const after: (() => void)[] = []
afterEach(async () => {
  await bench.end()
  for (const end of after.splice(0)) end()
})

const vaultAt = (port: number, host = 'localhost') =>
  vaultSource({
    address: `https://${host}:${port}`,
    login: { kind: 'token', token: { kind: 'file', path: bench.write('token', 'hvs.canary') } },
  })

test('a server whose certificate nobody vouches for gets no token', async () => {
  let calls = 0
  const server = createServer({ cert: pem('localhost.pem'), key: pem('leaf.key') }, (_, answer) => {
    calls++
    answer.end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const found = await bench.open(vaultAt(port))()
  expect(found).toMatch(/^unavailable: can not be reached \([A-Z_]+\)$/)
  expect(calls).toBe(0)
  server.close()
})

test('where TLS never begins, a look ends at its time limit, and no look waits for another', async () => {
  const silent = await openSilentServer()
  after.push(() => silent.close())
  const look = bench.open(vaultAt(silent.port, '127.0.0.1'))
  const looks = Array.from({ length: 3 }, () => look())
  await expect.poll(() => silent.reached.size).toBe(looks.length)
  await bench.clock.advance(5_000)
  // By the call's own clock: undici gives its connections up when a real one says so.
  const late = new Promise<string>((resolve) => setImmediate(resolve, 'late'))
  expect(await Promise.race([Promise.all(looks), late])).toEqual(
    looks.map(() => 'unavailable: no answer in time'),
  )
})
