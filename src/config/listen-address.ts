import { BlockList, isIP } from 'node:net'
import { Refusal } from './refusal.ts'

/** An IP address and a port; port 0 takes a free one. */
export interface TcpAddress {
  readonly kind: 'tcp'
  readonly host: string
  readonly port: number
}

/** Where a listener waits. */
export type ListenAddress = TcpAddress | { readonly kind: 'unix'; readonly path: string }

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Linux holds the path of a unix socket in 108 bytes, the last one NUL. */
const UNIX_PATH_MAX_BYTES = 107

const REMEDY = 'write 127.0.0.1:8080, [::1]:8080 or unix:/run/sidekey/proxy.sock'

/** `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` or `unix:/path`. Names other than localhost are refused. */
export function parseListenAddress(text: string): ListenAddress | Refusal {
  if (text.startsWith('unix:')) return parseUnix(text.slice('unix:'.length))
  const [, six, four, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === undefined || port > 65_535) {
    return new Refusal('is no address to listen on', REMEDY)
  }
  if (six !== undefined && isIP(six) === 6) return { kind: 'tcp', host: six, port }
  if (four === 'localhost') return { kind: 'tcp', host: '127.0.0.1', port }
  if (four !== undefined && isIP(four) === 4) return { kind: 'tcp', host: four, port }
  return new Refusal('does not start with an IP address', REMEDY)
}

/** As `parseListenAddress`, for a listener that probes, scrapers and commands must find by address. */
export function parseTcpAddress(text: string): TcpAddress | Refusal {
  const address = parseListenAddress(text)
  if (address instanceof Refusal || address.kind === 'tcp') return address
  return new Refusal(
    'is a unix socket, which probes and scrapers do not find',
    'write an IP address and a port, such as 127.0.0.1:9901',
  )
}

/** Whether only this host reaches it. */
export function isLoopback(host: string): boolean {
  const family = isIP(host)
  if (family === 0) return host === 'localhost'
  return LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4')
}

/** As it is written in the file. */
export function formatListenAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  return address.host.includes(':')
    ? `[${address.host}]:${address.port}`
    : `${address.host}:${address.port}`
}

function parseUnix(path: string): ListenAddress | Refusal {
  if (!path.startsWith('/') || path.includes('\0') || path.endsWith('/')) {
    return new Refusal('is no absolute path of a socket', REMEDY)
  }
  if (Buffer.byteLength(path) > UNIX_PATH_MAX_BYTES) {
    return new Refusal('is too long for a unix socket', 'use a path of at most 107 bytes')
  }
  return { kind: 'unix', path }
}
