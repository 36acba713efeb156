import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Route } from '../kernel/route.ts'
import { type Entrance, OPEN } from './entrance.ts'
import { type Certificates, secureServerOptions, servernameOf } from './intercept-tls.ts'
import { close, createListener, listen, parseListenAddress, type Server } from './listener.ts'
import { Tunnels, type TunnelsDeps } from './tunnels.ts'

export interface ListenersConfig {
  readonly listen: string
  readonly tlsListen?: string | null
  readonly routes: readonly Pick<Route, 'listen'>[]
}

export interface ListenersDeps extends Omit<TunnelsDeps, 'admit'> {
  readonly clock: Clock
  readonly certificates: Certificates | null
  readonly handle: (entrance: Entrance, request: IncomingMessage, response: ServerResponse) => void
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
  readonly #servers: ReadonlyMap<string, Server>
  readonly #tunnels: Tunnels
  readonly #bound = new Map<string, Bound>()
  /** Connections that came out of a tunnel. */
  readonly #inner = new WeakMap<Socket, Entrance>()

  constructor(config: ListenersConfig, deps: ListenersDeps) {
    this.#deps = deps
    this.#main = config.listen
    const main = this.#listener(OPEN)
    this.#tunnels = new Tunnels({
      ...deps,
      admit: (inner, entrance) => {
        this.#inner.set(inner, entrance)
        main.emit('connection', inner)
      },
    })
    const own = config.routes.flatMap(({ listen: address }) => (address == null ? [] : [address]))
    const servers = new Map([[config.listen, main]])
    for (const address of own) {
      servers.set(address, this.#listener({ kind: 'route', listen: address }))
    }
    if (config.tlsListen != null && deps.certificates !== null) {
      servers.set(config.tlsListen, this.#secureListener(deps.certificates))
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

  /** As `close` of a listener, for all of them. */
  async stop(drainMs: number): Promise<void> {
    const { clock } = this.#deps
    this.#tunnels.drain()
    if (drainMs <= 0) this.#tunnels.destroy()
    const stopTimer = clock.after(drainMs, () => this.#tunnels.destroy())
    await Promise.all([...this.#servers.values()].map((server) => close(server, drainMs, clock)))
    stopTimer()
  }

  #listener(entrance: Entrance): Server {
    return createListener(
      {
        handle: (request, response) =>
          this.#deps.handle(this.#inner.get(request.socket) ?? entrance, request, response),
        connect: (request, socket, head) => {
          // A tunnel in a tunnel, or to one upstream's own listener, is for nobody.
          if (entrance !== OPEN || this.#inner.has(socket)) socket.destroy()
          else this.#tunnels.connect(request, socket, head)
        },
      },
      null,
    )
  }

  #secureListener(certificates: Certificates): Server {
    const { handle } = this.#deps
    const calls = {
      handle: (request: IncomingMessage, response: ServerResponse) => {
        const { socket } = request
        const servername = socket instanceof TLSSocket ? servernameOf(socket) : ''
        handle({ kind: 'secure', servername }, request, response)
      },
      connect: (_request: IncomingMessage, socket: Socket) => void socket.destroy(),
    }
    const server = createListener(calls, secureServerOptions(certificates))
    server.on('tlsClientError', (_error: Error, socket: TLSSocket) => void socket.destroy())
    return server
  }
}

function boundOf(server: Server): Bound {
  const bound = server.address()
  if (bound === null || typeof bound === 'string') return { address: bound ?? '', port: null }
  return { address: bound.address, port: bound.port }
}
