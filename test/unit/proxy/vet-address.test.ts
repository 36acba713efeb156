import { expect, test } from 'vitest'
import { isReachable, type Resolve, vettedLookup } from '../../../src/proxy/vet-address.ts'

test.each([
  '127.0.0.1',
  '127.8.9.10',
  '0.0.0.0',
  '169.254.169.254',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:a9fe:a9fe',
  '::7f00:1',
  'fe80::1',
  'ff02::1',
  'fd00:ec2::254',
  '2002:7f00:1::',
  '64:ff9b::7f00:1',
  '64:ff9b::169.254.169.254',
  'localhost',
  '',
])('row 11: %s is never reached through a name', (address) => {
  expect(isReachable(address, true)).toBe(false)
})

test.each(['10.1.2.3', '172.31.0.1', '192.168.1.1', '100.64.0.1', 'fd12::1', '64:ff9b::a01:203'])(
  '%s is reached where private addresses are allowed, and only there',
  (address) => {
    expect(isReachable(address, false)).toBe(false)
    expect(isReachable(address, true)).toBe(true)
  },
)

test.each(['93.184.216.34', '2606:2800:220:1::1', '64:ff9b::5db8:d822', '::ffff:93.184.216.34'])(
  '%s is public',
  (address) => {
    expect(isReachable(address, false)).toBe(true)
  },
)

const answering =
  (...addresses: readonly string[]): Resolve =>
  (_hostname, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )

function look(resolve: Resolve, all: boolean): Promise<unknown> {
  return new Promise((finish) => {
    const lookup = vettedLookup(resolve, (address) => isReachable(address, false))
    lookup('api.example', { all }, (error, address) => finish(error ?? address))
  })
}

test('one bad address among good ones spoils the name', async () => {
  const refused = await look(answering('93.184.216.34', '127.0.0.1'), true)
  expect(refused).toMatchObject({ code: 'target-not-allowed' })
})

test('what was vetted is what is handed out', async () => {
  const good = answering('93.184.216.34', '2606:2800:220:1::1')
  expect(await look(good, false)).toBe('93.184.216.34')
  expect(await look(good, true)).toHaveLength(2)
})

test("the resolver's own error stays what it is", async () => {
  const error = Object.assign(new Error('not found'), { code: 'ENOTFOUND' })
  expect(await look((_hostname, done) => done(error, []), true)).toBe(error)
})
