import { lookup as dnsLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { RefusedError } from '../kernel/errors.ts'

/** One address of a name. */
export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}

/** Finds every address of a name, once; the system's own resolver by default. */
export type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: readonly ResolvedAddress[]) => void,
) => void

/** Asks the system, which reads /etc/hosts too. */
export const systemResolve: Resolve = (hostname, done) => {
  dnsLookup(hostname, { all: true, verbatim: true }, (error, addresses) => done(error, addresses))
}

/** This host, its link (where clouds keep their metadata), everybody, and forms that hide an IPv4 address. */
const NEVER = blockList(
  ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4'],
  ['::/96', 'fe80::/10', 'ff00::/8', '2002::/16', '2001::/32', 'fd00:ec2::/32'],
)

/** Networks of the installation; reached only where the configuration says so. */
const PRIVATE = blockList(
  [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/10',
    '198.18.0.0/15',
    '192.0.0.0/24',
  ],
  ['fc00::/7', 'fec0::/10'],
)

const NAT64 = blockList([], ['64:ff9b::/96'])

/** Whether a connection to this address may be made for a name that somebody else resolves. */
export function isReachable(address: string, allowPrivate: boolean): boolean {
  const family = isIP(address)
  if (family === 0) return false
  const type = family === 6 ? 'ipv6' : 'ipv4'
  if (type === 'ipv6' && NAT64.check(address, type)) {
    return isReachable(lastFourBytes(address), allowPrivate)
  }
  return !NEVER.check(address, type) && (allowPrivate || !PRIVATE.check(address, type))
}

/**
 * A `lookup` for `net.connect`: resolves once, vets all addresses, and hands out what was vetted, so that a name which
 * changes its mind between two questions gains nothing. One bad address spoils the name.
 * The error is a RefusedError `target-not-allowed`.
 */
export function vettedLookup(
  resolve: Resolve,
  isAllowed: (address: string) => boolean,
): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, (error, addresses) => {
      if (error !== null) return done(error as NodeJS.ErrnoException, '', 0)
      if (!addresses.every(({ address }) => isAllowed(address))) {
        return done(new AddressRefusedError(), '', 0)
      }
      const [first] = addresses
      if (options.all === true) done(null, [...addresses])
      else done(null, first?.address ?? '', first?.family ?? 0)
    })
  }
}

/** A name leads to this host, its link, or a private network. */
export class AddressRefusedError extends RefusedError {
  constructor() {
    super('target-not-allowed', 'the name leads to an address that is not allowed')
  }
}

function blockList(four: readonly string[], six: readonly string[]): BlockList {
  const list = new BlockList()
  for (const [subnets, family] of [
    [four, 'ipv4'],
    [six, 'ipv6'],
  ] as const) {
    for (const subnet of subnets) {
      const [net = '', prefix] = subnet.split('/')
      list.addSubnet(net, Number(prefix), family)
    }
  }
  return list
}

/** The IPv4 address that an IPv6 one ends with. */
function lastFourBytes(address: string): string {
  const { hostname } = new URL(`http://[${address}]`)
  const [high = 0, low = 0] = hostname
    .slice(1, -1)
    .split(':')
    .slice(-2)
    .map((group) => Number.parseInt(group || '0', 16))
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}
