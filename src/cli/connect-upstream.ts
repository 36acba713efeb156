import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { UPSTREAM_CONNECT_TIMEOUT_MS } from '../kernel/limits.ts'

/**
 * Opens one connection, TLS verified, and closes it; nothing is sent.
 * @returns null, or a word that says why it failed: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `timeout`
 */
export function connectUpstream(origin: string): Promise<string | null> {
  const { protocol, hostname, port } = new URL(origin)
  const host = hostname.replace(/^\[|\]$/g, '')
  const secure = protocol === 'https:'
  const target = {
    host,
    port: Number(port || (secure ? 443 : 80)),
    timeout: UPSTREAM_CONNECT_TIMEOUT_MS,
  }
  return new Promise((resolve) => {
    const socket: Socket = secure
      ? connectTls({ ...target, ...(isIP(host) === 0 && { servername: host }) })
      : connectTcp(target)
    const settle = (failure: string | null) => {
      socket.destroy()
      resolve(failure)
    }
    socket.once('timeout', () => settle('timeout'))
    socket.once(secure ? 'secureConnect' : 'connect', () => settle(null))
    socket.once('error', (error) => settle('code' in error ? String(error.code) : error.name))
  })
}
