import { unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { CLIENT_CONNECTIONS_MAX } from '../kernel/limits.ts'
import { codeOf } from '../kernel/errors.ts'
import { type ClientReads, lendReads } from './client-reads.ts'

/** Where to listen: `host:port`, `[::1]:port` or `unix:/path`. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

export function parseListenAddress(listen: string): ListenAddress {
  if (listen.startsWith('unix:')) return { kind: 'unix', path: listen.slice('unix:'.length) }
  const colon = listen.lastIndexOf(':')
  const host = listen.slice(0, colon).replace(/^\[|\]$/g, '')
  return { kind: 'tcp', host, port: Number(listen.slice(colon + 1)) }
}

/**
 * A server whose connections go to whoever speaks their protocol, half open until that one ends them.
 * @param buffer where the bytes of all of them arrive, one read at a time
 */
export function createListener(buffer: Buffer, accepted: (reads: ClientReads) => void): Server {
  const server = createServer({ noDelay: true, allowHalfOpen: true })
  server.maxConnections = CLIENT_CONNECTIONS_MAX
  lendReads(server, buffer, accepted)
  return server
}

/** Binds, and resolves when connections are accepted. A unix socket is born 0600. */
export async function listen(server: Server, address: ListenAddress): Promise<void> {
  if (address.kind === 'tcp') return bind(server, () => server.listen(address.port, address.host))
  const bindPath = (): Promise<void> =>
    bind(server, () => {
      // The socket is made inside `listen`, so the mask leaves no window in which others may connect.
      const before = process.umask(0o177)
      try {
        server.listen(address.path)
      } finally {
        process.umask(before)
      }
    })
  try {
    await bindPath()
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE' || !(await isAbandoned(address.path))) throw error
    await unlink(address.path)
    await bindPath()
  }
}

function bind(server: Server, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const listening = (): void => {
      server.off('error', failed)
      resolve()
    }
    const failed = (error: Error): void => {
      server.off('listening', listening)
      reject(error)
    }
    server.once('error', failed)
    server.once('listening', listening)
    start()
  })
}

/** A socket that a killed process left behind: it is there, and nobody answers. */
function isAbandoned(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error) => resolve(codeOf(error) === 'ECONNREFUSED'))
  })
}

/** Stops accepting connections, and resolves when all that were accepted have ended. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (server.listening) server.close(() => resolve())
    else resolve()
  })
}
