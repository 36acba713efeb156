import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Store } from '../kernel/ports/store.ts'
import type { ProxyTelemetry, RouteMeter } from '../kernel/ports/telemetry.ts'
import type { EarlyLook, UseReporter } from '../kernel/ports/usage.ts'
import type { VersionSource } from '../kernel/ports/version-source.ts'
import type { Route } from '../kernel/route.ts'
import type { SecretValue } from '../kernel/secret-value.ts'
import { compileRoutes, type RouteTable } from './compile-routes.ts'
import { CredentialView } from './credential-view.ts'
import { type HandlerDeps, handleRequest } from './handler.ts'
import { createListener, listen, type ListenAddress, parseListenAddress } from './listener.ts'
import { UpstreamOrigin, type UpstreamOptions } from './upstream-origin.ts'

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

/** A caller that is let in by its token. */
export interface ClientConfig {
  readonly name: string
  readonly token: SecretValue
  /** Names of routes; null: all of them. */
  readonly routes: readonly string[] | null
}

/** The proxy: a listener, the routes in use, and the credentials that they need. */
export class DataPlane {
  readonly #deps: DataPlaneDeps
  readonly #address: ListenAddress
  readonly #server: Server
  readonly #handlerDeps: HandlerDeps
  readonly #views = new Map<string, CredentialView>()
  readonly #origins = new Map<string, UpstreamOrigin>()
  #table: RouteTable

  constructor(deps: DataPlaneDeps, config: DataPlaneConfig) {
    this.#deps = deps
    this.#address = parseListenAddress(config.listen)
    this.#handlerDeps = { clock: deps.clock, log: deps.log, unrouted: deps.telemetry.route('none') }
    this.#table = this.#compile(config)
    this.#server = createListener((request, response) => void this.#serve(request, response))
  }

  /** Reads the credentials, then accepts requests. @throws the listener's error when the address can't be bound */
  async start(): Promise<{ readonly address: string; readonly port: number | null }> {
    await Promise.all([...this.#views.values()].map((view) => view.start()))
    await listen(this.#server, this.#address)
    const bound = this.#server.address()
    if (bound === null || typeof bound === 'string') return { address: bound ?? '', port: null }
    return { address: bound.address, port: bound.port }
  }

  /** Puts a new configuration in use at once; requests in flight finish on the old one. */
  async reload(config: DataPlaneConfig): Promise<void> {
    const table = this.#compile(config)
    await Promise.all([...this.#views.values()].map((view) => view.start()))
    this.#table = table
  }

  /** Whether each credential has a version that requests may use. */
  readiness(): { readonly ready: boolean; readonly reasons: readonly string[] } {
    const reasons = [...this.#views.values()]
      .filter((view) => (view.snapshot?.candidates.length ?? 0) === 0)
      .map((view) => `credential ${view.credentialId} has no usable version`)
    return { ready: reasons.length === 0, reasons }
  }

  /** Stops accepting, lets requests in flight finish for `drainMs`, then closes everything. */
  async stop(drainMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    const force = this.#deps.clock.after(drainMs, () => this.#server.closeAllConnections())
    this.#server.closeIdleConnections()
    await closed
    force()
    for (const view of this.#views.values()) view.stop()
    await Promise.all([...this.#origins.values()].map((origin) => origin.destroy()))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await handleRequest(this.#handlerDeps, this.#table, request, response)
  }

  #compile(config: DataPlaneConfig): RouteTable {
    const meters = new Map<string, RouteMeter>()
    return compileRoutes(config.routes, this.#ownNames(config), {
      meter: (name) => {
        const meter = meters.get(name) ?? this.#deps.telemetry.route(name)
        meters.set(name, meter)
        return meter
      },
      upstream: (route) => {
        const { origin } = route.upstream
        const known = this.#origins.get(origin) ?? new UpstreamOrigin(origin, config.upstream ?? {})
        this.#origins.set(origin, known)
        return known
      },
      credential: (id) => this.#view(config, id),
    })
  }

  #view(config: DataPlaneConfig, credentialId: string): CredentialView {
    const source = config.sources.get(credentialId)
    if (source === undefined) throw new Error(`no source for credential ${credentialId}`)
    const known = this.#views.get(credentialId)
    if (known?.reads(source)) return known
    const view = new CredentialView({
      ...this.#deps,
      source,
      meter: this.#deps.telemetry.credential(credentialId),
    })
    this.#views.set(credentialId, view)
    return view
  }

  #ownNames(config: DataPlaneConfig): ReadonlySet<string> {
    const names = new Set(['localhost', '127.0.0.1', '[::1]', ...(config.ownNames ?? [])])
    if (this.#address.kind === 'tcp') {
      const { host } = this.#address
      names.add(host.includes(':') ? `[${host}]` : host)
    }
    return names
  }
}
