import type { Server } from 'node:http'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Store } from '../kernel/ports/store.ts'
import type { ProxyTelemetry, RouteMeter } from '../kernel/ports/telemetry.ts'
import type { EarlyLook, UseReporter } from '../kernel/ports/usage.ts'
import type { VersionSource } from '../kernel/ports/version-source.ts'
import type { Route } from '../kernel/route.ts'
import { HELD_BODIES_MAX_BYTES } from '../kernel/limits.ts'
import { type ClientConfig, compileClients } from './authenticate-client.ts'
import { compileRoutes, type RouteTable } from './compile-routes.ts'
import { CredentialViews } from './credential-views.ts'
import { type HandlerDeps, handleRequest } from './handler.ts'
import { HeldBytes } from './hold-body.ts'
import {
  close,
  createListener,
  listen,
  type ListenAddress,
  parseListenAddress,
} from './listener.ts'
import { ReplayBudget } from './replay-budget.ts'
import { UpstreamOrigin, type UpstreamOptions } from './upstream-origin.ts'

export type { ClientConfig }

export interface DataPlaneDeps {
  readonly clock: Clock
  readonly log: Log
  readonly telemetry: ProxyTelemetry
  readonly uses: UseReporter
  readonly earlyLook: EarlyLook
  /** Name of this process among the members of a credential. */
  readonly instance: string
}

export interface DataPlaneConfig {
  /** `host:port`, `[::1]:port` or `unix:/path`. A reload can't change it. */
  readonly listen: string
  readonly routes: readonly Route[]
  /** One per credential that a route names. */
  readonly sources: ReadonlyMap<string, VersionSource>
  /** Credentials that rotate: the store where this replica says what it holds and uses. */
  readonly stores?: ReadonlyMap<string, Store>
  /** Above it a body is not held for a replay, in bytes. */
  readonly replayBodyMaxBytes: number
  readonly upstream?: UpstreamOptions
  /** Further lower-case names under which callers may address Sidekey, such as a pod's. */
  readonly ownNames?: readonly string[]
  /** Empty or absent: every local caller is let in. */
  readonly clients?: readonly ClientConfig[]
}

/** The proxy: a listener, the routes in use, and the credentials that they need. */
export class DataPlane {
  readonly #deps: DataPlaneDeps
  readonly #address: ListenAddress
  readonly #server: Server
  readonly #handlerDeps: HandlerDeps
  readonly #credentials: CredentialViews
  readonly #origins = new Map<string, UpstreamOrigin>()
  #table: RouteTable
  #stopping = false

  constructor(deps: DataPlaneDeps, config: DataPlaneConfig) {
    this.#deps = deps
    this.#address = parseListenAddress(config.listen)
    this.#handlerDeps = {
      clock: deps.clock,
      log: deps.log,
      unrouted: deps.telemetry.route('none'),
      held: new HeldBytes(HELD_BODIES_MAX_BYTES),
      budget: new ReplayBudget(deps.clock.monotonic()),
    }
    this.#credentials = new CredentialViews(deps)
    this.#credentials.prepare(config.sources, config.stores)
    this.#table = this.#compile(config)
    this.#server = createListener((request, response) => {
      if (this.#stopping) response.shouldKeepAlive = false
      // The table of the request's first moment is its table to the end.
      void handleRequest(this.#handlerDeps, this.#table, request, response)
    })
  }

  /**
   * Registers, reads the credentials, then accepts requests.
   * @throws StoreUnavailableError when this replica can't register; the listener's error when it can't bind
   */
  async start(): Promise<{ readonly address: string; readonly port: number | null }> {
    await this.#credentials.commit()
    await listen(this.#server, this.#address)
    const bound = this.#server.address()
    if (bound === null || typeof bound === 'string') return { address: bound ?? '', port: null }
    return { address: bound.address, port: bound.port }
  }

  /** Puts a new configuration in use at once; requests in flight finish on the old one. */
  async reload(config: DataPlaneConfig): Promise<void> {
    this.#credentials.prepare(config.sources, config.stores)
    const table = this.#compile(config)
    await this.#credentials.commit()
    this.#table = table
  }

  /** Whether each credential has a version that requests may use. */
  readiness(): { readonly ready: boolean; readonly reasons: readonly string[] } {
    const reasons = this.#credentials.missing.map((id) => `credential ${id} has no usable version`)
    return { ready: reasons.length === 0, reasons }
  }

  /** Stops accepting, lets requests in flight finish for `drainMs`, then closes everything and deregisters. */
  async stop(drainMs: number): Promise<void> {
    this.#stopping = true
    await close(this.#server, drainMs, this.#deps.clock)
    await Promise.all([...this.#origins.values()].map((origin) => origin.destroy()))
    await this.#credentials.stop()
  }

  #compile(config: DataPlaneConfig): RouteTable {
    const meters = new Map<string, RouteMeter>()
    const settings = {
      ownNames: ownNames(this.#address, config.ownNames ?? []),
      clients: compileClients(config.clients ?? []),
      replayBodyMaxBytes: config.replayBodyMaxBytes,
    }
    return compileRoutes(config.routes, settings, {
      meter: (name) => {
        const meter = meters.get(name) ?? this.#deps.telemetry.route(name)
        meters.set(name, meter)
        return meter
      },
      upstream: ({ upstream: { origin } }) => {
        const known = this.#origins.get(origin)
        const upstream =
          known ?? new UpstreamOrigin(origin, config.upstream ?? {}, this.#deps.clock)
        this.#origins.set(origin, upstream)
        return upstream
      },
      credential: (id) => this.#credentials.get(id),
    })
  }
}

function ownNames(address: ListenAddress, more: readonly string[]): ReadonlySet<string> {
  const names = new Set(['localhost', '127.0.0.1', '[::1]', ...more])
  if (address.kind === 'tcp') {
    names.add(address.host.includes(':') ? `[${address.host}]` : address.host.toLowerCase())
  }
  return names
}
