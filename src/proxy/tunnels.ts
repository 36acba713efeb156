import { connect, isIP, type Socket } from 'node:net'
import { RefusedError } from '../kernel/errors.ts'
import {
  CLIENT_DRAIN_IDLE_MS,
  CLIENT_IDLE_TIMEOUT_MS,
  TUNNEL_IDLE_MS,
  TUNNELS_MAX,
  UPSTREAM_CONNECT_TIMEOUT_MS,
} from '../kernel/limits.ts'
import type { RouteTable } from './compile-routes.ts'
import { type ConnectDecision, decideConnect } from './decide-connect.ts'
import type { Authority, Entrance } from './entrance.ts'
import type { Http1Request } from './http1-request.ts'
import { type Certificates, interceptTls } from './intercept-tls.ts'
import { readHead } from './read-head.ts'
import { rawRefusal, rescue, rescueUpstream, RetryLaterError } from './rescue.ts'
import { AddressRefusedError, type Resolve, vettedLookup } from './vet-address.ts'

export interface TunnelsDeps {
  /** The table of this moment. */
  readonly table: () => RouteTable
  readonly certificates: Certificates | null
  readonly resolve: Resolve
  readonly mayTunnelTo: (address: string) => boolean
  /** Takes the inside of a tunnel as a connection of a client. */
  readonly admit: (inner: Socket, entrance: Entrance) => void
  /** Told of each CONNECT that was answered here. */
  readonly refused: (code: string) => void
}

const ESTABLISHED = 'HTTP/1.1 200 Connection Established\r\n\r\n'
/** First byte of a TLS connection: a record of the handshake. RFC 8446, section 5.1. */
const TLS_HANDSHAKE = 0x16

/** What CONNECT leads to: TLS that ends here, plain HTTP, or a host that has no route. */
export class Tunnels {
  readonly #deps: TunnelsDeps
  /** Every socket that no HTTP server watches. */
  readonly #open = new Set<Socket>()
  #through = 0
  #stopping = false

  constructor(deps: TunnelsDeps) {
    this.#deps = deps
  }

  /** Answers a CONNECT. */
  connect(request: Http1Request, socket: Socket, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    // Listeners leave a connection half open; one that says nothing more has no use here.
    socket.once('end', () => socket.end())
    try {
      const decision = decideConnect(
        this.#deps.table(),
        readHead(request),
        request.socket.localPort ?? null,
      )
      if (head.length > 0) socket.unshift(head)
      this.#watch(socket, CLIENT_IDLE_TIMEOUT_MS)
      if (decision.kind === 'inner') this.#inside(socket, decision)
      else this.#passThrough(socket, decision.authority)
    } catch (error) {
      this.#refuse(socket, error)
    }
  }

  /** No new tunnels; those in which nothing moves are closed. */
  drain(): void {
    this.#stopping = true
    for (const socket of this.#open) socket.setTimeout(CLIENT_DRAIN_IDLE_MS)
  }

  /** Ends all of them now. */
  destroy(): void {
    for (const socket of this.#open) socket.destroy()
  }

  /** Looks at the first byte, and hands the connection on as if it had just come in. */
  #inside(socket: Socket, decision: ConnectDecision & { kind: 'inner' }): void {
    const { authority, client, tls, plain } = decision
    const { certificates, admit } = this.#deps
    socket.write(ESTABLISHED)
    socket.once('data', (first: Buffer) => {
      socket.pause()
      socket.unshift(first)
      const entrance = { kind: 'tunnel', authority, client } as const
      if (first[0] !== TLS_HANDSHAKE) {
        if (!plain) return void socket.destroy()
        this.#forget(socket)
        admit(socket, { ...entrance, servername: null })
        socket.resume()
        return
      }
      if (!tls || certificates === null) return void socket.destroy()
      interceptTls(certificates, socket, (inner, servername) => {
        this.#forget(socket)
        admit(inner, { ...entrance, servername })
      })
    })
  }

  #passThrough(socket: Socket, { hostname, port }: Authority): void {
    if (this.#stopping || this.#through >= TUNNELS_MAX) {
      throw new RetryLaterError('overloaded', 'there are too many tunnels', 1_000)
    }
    const { resolve, mayTunnelTo } = this.#deps
    const host = hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) !== 0 && !mayTunnelTo(host)) throw new AddressRefusedError()
    const lookup = vettedLookup(resolve, mayTunnelTo)
    const upstream = connect({ host, port, lookup, timeout: UPSTREAM_CONNECT_TIMEOUT_MS })
    // What comes before there is anybody to take it waits.
    socket.pause()
    this.#through++
    this.#watch(upstream, UPSTREAM_CONNECT_TIMEOUT_MS)
    let established = false
    upstream.once('connect', () => {
      established = true
      socket.write(ESTABLISHED)
      for (const side of [socket, upstream]) side.setTimeout(TUNNEL_IDLE_MS)
      socket.pipe(upstream)
      upstream.pipe(socket)
    })
    upstream.once('timeout', () => {
      if (!established) this.#refuse(socket, connectTimeout())
    })
    upstream.once('error', (error) => {
      if (established) socket.destroy()
      else this.#refuse(socket, rescueUpstream(error))
    })
    upstream.once('close', () => {
      this.#through--
      // What the upstream has sent last is still on its way.
      if (established) socket.destroySoon()
    })
    socket.once('close', () => upstream.destroy())
  }

  #refuse(socket: Socket, error: unknown): void {
    const refusal = rescue(error)
    this.#deps.refused(refusal.code)
    if (socket.writable) socket.end(rawRefusal(refusal), () => socket.destroy())
    else socket.destroy()
  }

  #watch(socket: Socket, idleMs: number): void {
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    socket.setTimeout(idleMs)
    socket.on('timeout', destroyIdle)
  }

  /** From now on an HTTP server watches it. */
  #forget(socket: Socket): void {
    this.#open.delete(socket)
    socket.setTimeout(0)
    socket.off('timeout', destroyIdle)
  }
}

function destroyIdle(this: Socket): void {
  this.destroy()
}

function connectTimeout(): RefusedError {
  return new RefusedError('upstream-timeout', 'the host did not accept a connection in time')
}
