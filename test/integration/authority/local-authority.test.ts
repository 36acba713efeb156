import {
  chmodSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { X509Certificate } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { LocalAuthority } from '../../../src/authority/local-authority.ts'
import { LEAVES_MAX } from '../../../src/kernel/limits.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { AuthorityWorld } from './authority-world.ts'

const DAY_MS = 86_400_000

let world: AuthorityWorld
beforeEach(() => {
  world = new AuthorityWorld()
})
afterEach(() => world.close())

test('row 56: the key is 0600 and sealed, the certificate is for everybody', async () => {
  const { paths } = await world.authority(['api.example'])
  const mode = (path: string) => statSync(path).mode & 0o777
  expect(mode(paths.key)).toBe(0o600)
  const forClients = [paths.certificate, paths.bundle, paths.javaBundle, paths.phpSettings]
  expect(forClients.map(mode)).toEqual([0o644, 0o644, 0o644, 0o644])
  expect(readFileSync(paths.key, 'utf8')).not.toContain('PRIVATE KEY')
})

test('a restart finds the same key and the same certificate', async () => {
  const first = await world.authority(['api.example'])
  const second = await world.authority(['api.example'])
  expect(second.certificate).toBe(first.certificate)
})

test.each([
  ['missing', 'certificate', null],
  ['missing', 'bundle', null],
  ['missing', 'javaBundle', null],
  ['missing', 'phpSettings', null],
  ['damaged', 'certificate', 'no certificate'],
  ['from before the system trusted others', 'bundle', 'another one'],
] as const)('a start finds a file %s, the %s, and makes it anew', async (_state, name, content) => {
  const { paths } = await world.authority(['api.example'])
  if (content === null) rmSync(paths[name])
  else writeFileSync(paths[name], content)
  const { certificate } = await world.authority(['api.example'])
  expect(readFileSync(paths.certificate, 'utf8')).toBe(certificate)
  expect(readFileSync(paths.bundle, 'utf8')).toContain(certificate)
  const inJava = readFileSync(paths.javaBundle).includes(new X509Certificate(certificate).raw)
  expect(inJava).toBe(true)
  expect(readFileSync(paths.phpSettings, 'utf8')).toBe(
    `curl.cainfo = "${paths.bundle}"\nopenssl.cafile = "${paths.bundle}"\n`,
  )
})

test('a certificate of another key is not what clients are told to trust', async () => {
  const elsewhere = join(world.folder, 'elsewhere')
  const other = await world.authority(['api.example'], { directory: elsewhere })
  const { paths } = await world.authority(['api.example'])
  writeFileSync(paths.certificate, other.certificate)
  const { certificate } = await world.authority(['api.example'])
  expect(certificate).not.toBe(other.certificate)
  expect(readFileSync(paths.certificate, 'utf8')).toBe(certificate)
})

test('what can not be brought up to date stops nobody whose certificate is there', async () => {
  const { paths, certificate } = await world.authority(['api.example'])
  rmSync(paths.phpSettings)
  // As a directory that is mounted for reading only, which root could write all the same.
  mkdirSync(paths.phpSettings)
  expect((await world.authority(['api.example'])).certificate).toBe(certificate)
  expect(world.log.events.map(({ event }) => event)).toContain(
    'trust of the local authority not brought up to date',
  )
  await expect(world.authority(['b.example'])).rejects.toMatchObject({
    code: 'configuration-invalid',
  })
})

test('a start that finds nothing to change leaves the files as they are', async () => {
  const { paths } = await world.authority(['api.example'])
  const files = () =>
    [paths.certificate, paths.bundle, paths.javaBundle].map((path) => statSync(path).ino)
  const before = files()
  await world.authority(['api.example'])
  expect(files()).toEqual(before)
})

test('two processes that start at once have the same key', async () => {
  const both = await Promise.all([world.authority(['api.example']), world.authority(['b.example'])])
  const [one, two] = both.map((authority) => new X509Certificate(authority.certificate).publicKey)
  expect(one && two?.equals(one)).toBe(true)
})

test('other hosts get another certificate of the same key', async () => {
  const authority = await world.authority(['api.example'])
  const before = new X509Certificate(authority.certificate)
  await authority.serve(['api.example', 'b.example'])
  const after = new X509Certificate(readFileSync(authority.paths.certificate))
  expect(after.serialNumber).not.toBe(before.serialNumber)
  expect(after.publicKey.equals(before.publicKey)).toBe(true)
  expect(authority.contextFor('b.example')).not.toBeNull()
  await authority.serve(['b.example'])
  expect(authority.contextFor('api.example')).toBeNull()
})

test('the certificate is made anew when a month is left', async () => {
  const startMs = Date.parse('2026-11-23T00:00:00Z')
  const { certificate } = await world.authority(['api.example'], { clock: new FakeClock(startMs) })
  const clock = new FakeClock(startMs + 334 * DAY_MS)
  const authority = await world.authority(['api.example'], { clock })
  expect(authority.certificate).toBe(certificate)
  await clock.advance(2 * DAY_MS)
  await vi.waitFor(() => expect(authority.certificate).not.toBe(certificate))
})

test('two processes speak with one certificate, whoever has made it', async () => {
  const clock = new FakeClock()
  const one = await world.authority(['api.example'], { clock })
  const two = await world.authority(['api.example'], { clock })
  const hosts = ['api.example', 'b.example']
  await one.serve(hosts)
  await two.serve(hosts)
  expect(two.certificate).toBe(one.certificate)
  const more = [...hosts, 'c.example']
  await Promise.all([one.serve(more), two.serve(more)])
  await clock.advance(DAY_MS)
  await vi.waitFor(() => expect(two.certificate).toBe(one.certificate))
  expect(readFileSync(one.paths.certificate, 'utf8')).toBe(one.certificate)
})

test('a leaf is kept, and made anew after half a day or when the clock was set back', async () => {
  const clock = new FakeClock()
  const authority = await world.authority(['api.example'], { clock })
  const first = authority.contextFor('api.example')
  expect(authority.contextFor('API.example')).toBe(first)
  await clock.advance(DAY_MS / 2)
  const second = authority.contextFor('api.example')
  expect(second).not.toBe(first)
  await clock.advance(-DAY_MS)
  expect(authority.contextFor('api.example')).not.toBe(second)
})

test('row 57: no certificate for other names, and a bounded number of them', async () => {
  const hosts = Array.from({ length: LEAVES_MAX + 5 }, (_, index) => `h${index}.example`)
  const authority = await world.authority(hosts)
  for (const name of ['', 'evil.example', 'x.h1.example', 'h1.example\0', '127.0.0.1', '__proto__'])
    expect(authority.contextFor(name)).toBeNull()
  expect(authority.contextFor('a'.repeat(300))).toBeNull()
  expect(authority.leaves).toBe(0)
  for (const host of hosts) authority.contextFor(host)
  expect(authority.leaves).toBe(LEAVES_MAX)
})

test.each([
  ['the key is open to others', () => chmodSync(join(world.directory, 'ca.key'), 0o644)],
  ['others may write into the directory', () => chmodSync(world.directory, 0o777)],
])('row 6: it refuses to start when %s', async (_name, spoil) => {
  await world.authority(['api.example'])
  spoil()
  await expect(world.authority(['api.example'])).rejects.toMatchObject({
    code: 'configuration-invalid',
    issues: [{ path: 'proxy.ca.directory', message: expect.stringContaining('is open to others') }],
  })
})

test('row 6: it refuses symbolic links', async () => {
  mkdirSync(join(world.folder, 'real'))
  symlinkSync(join(world.folder, 'real'), world.directory)
  await expect(world.authority(['api.example'])).rejects.toMatchObject({
    code: 'configuration-invalid',
  })
  const directory = join(world.folder, 'other')
  mkdirSync(directory)
  writeFileSync(join(world.folder, 'key'), 'x', { mode: 0o600 })
  symlinkSync(join(world.folder, 'key'), join(directory, 'ca.key'))
  await expect(world.authority(['api.example'], { directory })).rejects.toMatchObject({
    code: 'configuration-invalid',
  })
})

test('Node trusts the bundle, for the routed host and no other', async () => {
  const authority = await world.authority(['api.example'])
  const bundle = readFileSync(authority.paths.bundle, 'utf8')
  expect(bundle.match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(100)
  expect(await handshake(authority, 'api.example', bundle)).toBe('TLSv1.3 api.example')
  expect(await handshake(authority, 'other.example', bundle)).toMatch(/handshake failure|alert/)
})

/** The protocol and the name of the certificate, or the error. */
function handshake(authority: LocalAuthority, servername: string, ca: string): Promise<string> {
  const server = createServer({
    SNICallback: (name, done) => done(null, authority.contextFor(name) ?? undefined),
  })
  server.on('tlsClientError', () => {})
  return new Promise<string>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      const socket: TLSSocket = connect({ host: '127.0.0.1', port, servername, ca }, () => {
        resolve(`${socket.getProtocol()} ${String(socket.getPeerCertificate().subject.CN)}`)
        socket.destroy()
      })
      socket.once('error', (error) => resolve(error.message))
    })
  }).finally(() => server.close())
}
