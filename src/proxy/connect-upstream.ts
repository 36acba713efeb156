import { createHash, X509Certificate } from 'node:crypto'
import {
  connect as connectPlain,
  isIP,
  type LookupFunction,
  type OnReadOpts,
  type Socket,
} from 'node:net'
import {
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  type PeerCertificate,
} from 'node:tls'
import { UpstreamFaultError } from './upstream-fault.ts'

/**
 * Opens a socket to one origin. What it reads goes to `read`, whose bytes are only there during the call, and which says
 * whether to read on; `connected` is called when a request can be sent, with TLS when its certificate has been verified.
 */
export type Connect = (
  read: (length: number, buffer: Buffer) => boolean,
  connected: () => void,
) => Socket

export interface ConnectOptions {
  readonly ca?: string
  readonly lookup?: LookupFunction
  readonly pins?: readonly string[]
}

/**
 * Prepares connections to an origin. Certificates are always verified; there is no switch against it.
 * @param options PEM certificates that are trusted instead of Node's own, what finds the addresses of a name, and the
 *   keys that the server may have
 * @param buffer where the bytes of all its connections arrive, one read at a time
 * @param protocols offered by ALPN, the first first
 */
export function connectorTo(
  url: URL,
  { ca, lookup, pins }: ConnectOptions,
  buffer: Buffer,
  protocols: readonly string[] = ['http/1.1'],
): Connect {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const vetted = lookup === undefined || host === 'localhost' ? {} : { lookup }
  const onread = (read: Parameters<Connect>[0]): OnReadOpts => ({
    buffer,
    callback: (length) => read(length, buffer),
  })
  if (url.protocol === 'http:') {
    const port = Number(url.port || 80)
    return (read, connected) =>
      connectPlain({ host, port, ...vetted, noDelay: true, onread: onread(read) }, connected)
  }
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
  })
  const options = {
    host,
    ...vetted,
    port: Number(url.port || 443),
    // An address is no name that a server could choose a certificate by.
    servername: isIP(host) === 0 ? host : '',
    secureContext,
    rejectUnauthorized: true,
    // Not asked again where a session goes on: its server has shown its key before.
    ...(pins === undefined ? {} : { checkServerIdentity: checkPins(pins) }),
    ALPNProtocols: [...protocols],
  }
  let session: Buffer | undefined
  return (read, connected) => {
    const own = { ...options, onread: onread(read) }
    const socket = connectTls(session === undefined ? own : { ...own, session }, connected)
    socket.setNoDelay(true)
    return socket.on('session', (ticket) => {
      session = ticket
    })
  }
}

/** The name as always, and the key: no certificate of another key will do, whoever has signed it. */
function checkPins(
  pins: readonly string[],
): (host: string, certificate: PeerCertificate) => Error | undefined {
  return (host, certificate) => {
    const wrongName = checkServerIdentity(host, certificate)
    if (wrongName !== undefined) return wrongName
    const key = new X509Certificate(certificate.raw).publicKey
    const digest = createHash('sha256').update(key.export({ type: 'spki', format: 'der' }))
    return pins.includes(digest.digest('base64'))
      ? undefined
      : new UpstreamFaultError('certificate-pin')
  }
}
