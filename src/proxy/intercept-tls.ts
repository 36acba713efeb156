import {
  createServer,
  type SecureContext,
  type Server,
  type TlsOptions,
  type TLSSocket,
} from 'node:tls'
import type { Socket } from 'node:net'
import { CLIENT_CONNECTIONS_MAX, TLS_HANDSHAKE_TIMEOUT_MS } from '../kernel/limits.ts'

/** Certificates of the local authority. */
export interface Certificates {
  /** Null for a name that no route has: its handshake is refused. */
  contextFor(servername: string): SecureContext | null
}

/** The first that a client offers too is spoken. RFC 7301. */
const PROTOCOLS = ['h2', 'http/1.1']

/** How Sidekey speaks TLS as a server: by name only, so that no certificate is there for whoever names none. */
function secureServerOptions(certificates: Certificates): TlsOptions {
  return {
    minVersion: 'TLSv1.2',
    ALPNProtocols: PROTOCOLS,
    handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS,
    // Whatever goes wrong in here must end one handshake, not the process.
    SNICallback: (servername, done) => {
      try {
        done(null, certificates.contextFor(servername) ?? undefined)
      } catch (error) {
        done(error instanceof Error ? error : new Error('no certificate'))
      }
    },
  }
}

/**
 * Ends the TLS of one connection here.
 * @param secured called with the connection's inside, and the name that the client asked for in lower case
 */
export function interceptTls(
  certificates: Certificates,
  socket: Socket,
  secured: (inner: TLSSocket, servername: string) => void,
): void {
  // One per connection: it is how Node tells which outside an inside belongs to.
  const server = createServer(secureServerOptions(certificates), (inner) => {
    secured(inner, servernameOf(inner))
  })
  // Only the inside is ever destroyed from here on, which ends the outside too. Destroying first the outside and then
  // the inside of an idle connection crashes Node 24.21.
  server.on('tlsClientError', (_error, inner) => inner.destroy())
  server.emit('connection', socket)
}

/**
 * A listener whose connections are all TLS that ends here; whoever gets their insides serves and ends them.
 * @param secured as with `interceptTls`
 */
export function createSecureListener(
  certificates: Certificates,
  secured: (inner: TLSSocket, servername: string) => void,
): Server {
  const server = createServer(secureServerOptions(certificates), (inner) => {
    secured(inner, servernameOf(inner))
  })
  server.maxConnections = CLIENT_CONNECTIONS_MAX
  server.on('tlsClientError', (_error, inner) => void inner.destroy())
  return server
}

/** The name of a TLS connection in lower case; empty where the client has named none. */
function servernameOf(socket: TLSSocket): string {
  const { servername } = socket as { readonly servername?: string | false | null }
  return typeof servername === 'string' ? servername.toLowerCase() : ''
}
