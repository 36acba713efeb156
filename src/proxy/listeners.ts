import type { Server, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Route } from '../kernel/route.ts'
import { CLIENT_DRAIN_IDLE_MS, LISTENER_CLOSE_MS } from '../kernel/limits.ts'
import { CHUNK_MAX_BYTES } from './chunk-text.ts'
import { ownReads } from './client-reads.ts'
import type { Entrance } from './entrance.ts'
import { type Handle, Http1Front } from './http1-front.ts'
import { Http2Front } from './http2-front.ts'
import { type Certificates, createSecureListener } from './intercept-tls.ts'
import { close, createListener, listen, parseListenAddress } from './listener.ts'
import type { Llhttp } from './llhttp.ts'
import { Tunnels, type TunnelsDeps } from './tunnels.ts'
import type { WebSockets } from './web-sockets.ts'
import type { WriteBatch } from './write-batch.ts'

export interface ListenersConfig {
  readonly listen: string
  readonly tlsListen?: string | null
  readonly routes: readonly Pick<Route, 'listen'>[]
}

export interface ListenersDeps extends Omit<TunnelsDeps, 'admit'> {
  readonly clock: Clock
  readonly certificates: Certificates | null
  readonly llhttp: Llhttp
  readonly batch: WriteBatch
  readonly webSockets: WebSockets
  readonly handle: Handle
}

/** Where a listener waits; `port` is null for a unix socket, whose path is `address`. */
export interface Bound {
  readonly address: string
  readonly port: number | null
}

/** Every way in: `proxy.listen`, the TLS listener, the listeners of routes, and what comes out of tunnels. */
export class Listeners {
  readonly #deps: ListenersDeps
  readonly #main: string
  readonly #http1: Http1Front
  /** Open when TLS ends here. */
  #http2: Http2Front | null = null
  readonly #servers: ReadonlyMap<string, Server>
  readonly #tunnels: Tunnels
  readonly #bound = new Map<string, Bound>()
  readonly #readBuffer = Buffer.allocUnsafeSlow(CHUNK_MAX_BYTES)

  constructor(config: ListenersConfig, deps: ListenersDeps) {
    this.#deps = deps
    this.#main = config.listen
    this.#http1 = this.#front()
    const admit = (inner: Socket, entrance: Entrance): void => this.#admit(inner, entrance)
    this.#tunnels = new Tunnels({ ...deps, admit })
    const own = config.routes.flatMap(({ listen: address }) => (address == null ? [] : [address]))
    const servers = new Map<string, Server>([[config.listen, this.#mainListener()]])
    for (const address of own) {
      servers.set(address, this.#listener({ kind: 'route', listen: address }))
    }
    if (config.tlsListen != null && deps.certificates !== null) {
      const secured = (inner: Socket, servername: string): void =>
        this.#admit(inner, { kind: 'secure', servername })
      servers.set(config.tlsListen, createSecureListener(deps.certificates, secured))
    }
    this.#servers = servers
  }

  get bound(): ReadonlyMap<string, Bound> {
    return this.#bound
  }

  /**
   * Binds every address, or none.
   * @returns where `proxy.listen` waits
   */
  async start(): Promise<Bound> {
    const { certificates, clock, handle } = this.#deps
    if (certificates !== null) this.#http2 = await Http2Front.open(clock, handle)
    try {
      for (const [address, server] of this.#servers) {
        await listen(server, parseListenAddress(address))
        this.#bound.set(address, boundOf(server))
      }
    } catch (error) {
      await this.stop(0)
      throw error
    }
    return this.#bound.get(this.#main) ?? { address: '', port: null }
  }

  /**
   * Waits for answers that are on their way, and stops accepting connections. A kept connection is closed with its next
   * answer, so that no request on it is lost; only one that stays idle is closed by itself. After `drainMs` all are cut.
   */
  async stop(drainMs: number): Promise<void> {
    const { clock, webSockets } = this.#deps
    const isOver = Promise.withResolvers<void>()
    const http = [this.#http1, ...(this.#http2 === null ? [] : [this.#http2])]
    const others = [this.#tunnels, webSockets]
    const cut = (): void => {
      for (const each of [...http, ...others]) each.destroy()
      isOver.resolve()
    }
    for (const other of others) other.drain()
    if (drainMs <= 0) cut()
    const stopTimer = clock.after(drainMs, cut)
    // What the system has accepted and Node has not taken yet would be reset, with the requests that were sent on it.
    const patient = drainMs > CLIENT_DRAIN_IDLE_MS
    if (patient) await clock.sleep(CLIENT_DRAIN_IDLE_MS - LISTENER_CLOSE_MS)
    const closed = [...this.#servers.values()].map(close)
    // Whoever is told to leave while others are let in comes back on a connection that may be reset.
    if (patient) await clock.sleep(LISTENER_CLOSE_MS)
    for (const each of http) each.drain()
    await Promise.race([Promise.all(closed), isOver.promise])
    stopTimer()
    for (const each of http) each.destroy()
  }

  /** Serves a connection as if it had just come in, in the protocol that it speaks. */
  #admit(inner: Socket, entrance: Entrance): void {
    if (this.#http2 !== null && inner instanceof TLSSocket && inner.alpnProtocol === 'h2') {
      this.#http2.admit(inner, entrance)
    } else this.#http1.admit(ownReads(inner), entrance)
  }

  #mainListener(): Server {
    let entrance: Entrance | null = null
    const server: Server = createListener(this.#readBuffer, (reads) => {
      entrance ??= { kind: 'open', port: boundOf(server).port }
      this.#http1.admit(reads, entrance)
    })
    return server
  }

  #listener(entrance: Entrance): Server {
    return createListener(this.#readBuffer, (reads) => this.#http1.admit(reads, entrance))
  }

  #front(): Http1Front {
    const { clock, llhttp, batch, handle, webSockets } = this.#deps
    return new Http1Front({
      clock,
      llhttp,
      batch,
      handle,
      upgrade: (entrance, request, socket, head) => {
        const response = webSockets.take(request, socket, head)
        if (response !== null) handle(entrance, request, response)
      },
      connect: (entrance, request, socket, head) => {
        // A tunnel in a tunnel, or to one upstream's own listener, is for nobody.
        if (entrance.kind === 'open') this.#tunnels.connect(request, socket, head)
        else socket.destroy()
      },
    })
  }
}

function boundOf(server: Server): Bound {
  const bound = server.address()
  if (bound === null || typeof bound === 'string') return { address: bound ?? '', port: null }
  return { address: bound.address, port: bound.port }
}
