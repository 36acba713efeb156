import type { Clock } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Signer, SignerSpec } from '../kernel/ports/signer.ts'
import type { Store } from '../kernel/ports/store.ts'
import type { ProxyTelemetry, RouteMeter } from '../kernel/ports/telemetry.ts'
import type { EarlyLook, UseReader } from '../kernel/ports/usage.ts'
import type { VersionSource } from '../kernel/ports/version-source.ts'
import type { Route } from '../kernel/route.ts'
import { HELD_BODIES_MAX_BYTES } from '../kernel/limits.ts'
import { BodyPaces } from './body-pace.ts'
import { type ClientConfig, compileClients } from './authenticate-client.ts'
import { compileRoutes, type ConnectPolicy, type RouteTable } from './compile-routes.ts'
import { CredentialViews } from './credential-views.ts'
import { type HandlerDeps, handleRequest } from './handler.ts'
import { HeldBytes } from './held-bytes.ts'
import type { Certificates } from './intercept-tls.ts'
import { type ListenAddress, parseListenAddress } from './listener.ts'
import { type Bound, Listeners } from './listeners.ts'
import { Llhttp } from './llhttp.ts'
import type { PlacementParts } from './placement.ts'
import { ReplayBudget } from './replay-budget.ts'
import type { UpstreamOptions } from './upstream-options.ts'
import { UpstreamOrigin } from './upstream-origin.ts'
import { WebSockets } from './web-sockets.ts'
import { ReadTurns } from './read-turns.ts'
import { WriteBatch } from './write-batch.ts'
import { isReachable, type Resolve, systemResolve, vettedLookup } from './vet-address.ts'

export type { ClientConfig }

export interface DataPlaneDeps {
  readonly clock: Clock
  readonly log: Log
  readonly telemetry: ProxyTelemetry
  readonly uses: UseReader
  readonly earlyLook: EarlyLook
  /** Name of this process among the members of a credential. */
  readonly instance: string
  /** Certificates for TLS that ends here; absent or null: none does. */
  readonly certificates?: Certificates | null
  /** Finds the addresses of hosts; the system's resolver by default. */
  readonly resolve?: Resolve
  /** Whether a tunnel may lead to an address; tests have no public one. Default: public addresses. */
  readonly mayTunnelTo?: (address: string) => boolean
  /** Builds what computes signatures; absent where no route has one. */
  readonly signer?: PlacementParts['signer']
  /** Signs parameters; absent where no route does. */
  readonly signParameters?: PlacementParts['signParameters']
}

export interface DataPlaneConfig {
  /** `host:port`, `[::1]:port` or `unix:/path`. A reload can't change it. */
  readonly listen: string
  /** The same for a TLS listener, which serves the hosts of the routes by name. A reload can't change it. */
  readonly tlsListen?: string | null
  /** Whether it is a forward proxy too, for hosts of routes; default false. */
  readonly forward?: boolean
  /** Default: no interception, hosts without a route refused. */
  readonly connect?: ConnectPolicy
  readonly routes: readonly Route[]
  /** The tokens of routes that need them; absent where none does. */
  readonly tokens?: PlacementParts['tokens']
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
  readonly #listeners: Listeners
  readonly #handlerDeps: HandlerDeps
  readonly #credentials: CredentialViews
  readonly #origins = new Map<string, UpstreamOrigin>()
  readonly #llhttp = new Llhttp()
  readonly #batch: WriteBatch
  readonly #turns = new ReadTurns()
  #table: RouteTable

  constructor(deps: DataPlaneDeps, config: DataPlaneConfig) {
    this.#deps = deps
    this.#address = parseListenAddress(config.listen)
    const batch = new WriteBatch(({ name }) => deps.log.error('write failed', { error: name }))
    this.#batch = batch
    const webSockets = new WebSockets({ clock: deps.clock, batch })
    this.#handlerDeps = {
      webSockets,
      clock: deps.clock,
      log: deps.log,
      unrouted: deps.telemetry.route('none'),
      held: new HeldBytes(HELD_BODIES_MAX_BYTES),
      paces: new BodyPaces(deps.clock),
      budget: new ReplayBudget(deps.clock.monotonic()),
    }
    this.#credentials = new CredentialViews(deps)
    this.#credentials.prepare(config.sources, config.stores)
    this.#table = this.#compile(config)
    this.#listeners = new Listeners(config, {
      clock: deps.clock,
      certificates: deps.certificates ?? null,
      llhttp: this.#llhttp,
      batch,
      webSockets,
      resolve: deps.resolve ?? systemResolve,
      mayTunnelTo: deps.mayTunnelTo ?? ((address) => isReachable(address, false)),
      table: () => this.#table,
      refused: () => this.#handlerDeps.unrouted.finished('refused', 0),
      handle: (entrance, request, response) => {
        // The table of the request's first moment is its table to the end.
        void handleRequest(this.#handlerDeps, this.#table, entrance, request, response)
      },
    })
  }

  /**
   * Registers, reads the credentials, then accepts requests.
   * @throws StoreUnavailableError when this replica can't register; the listener's error when it can't bind
   */
  async start(): Promise<Bound> {
    await this.#credentials.commit()
    return this.#listeners.start()
  }

  /** Where each listener waits, by its address in the configuration; complete after `start`. */
  get bound(): ReadonlyMap<string, Bound> {
    return this.#listeners.bound
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
    await this.#listeners.stop(drainMs)
    for (const origin of this.#origins.values()) origin.destroy()
    await this.#credentials.stop()
  }

  #compile(config: DataPlaneConfig): RouteTable {
    const meters = new Map<string, RouteMeter>()
    // Endpoints that sign in the same way share what is computed.
    const signers = new Map<SignerSpec, Signer>()
    const signer = this.#deps.signer ?? missing
    const settings = {
      ownNames: ownNames(this.#address, config.ownNames ?? []),
      clients: compileClients(config.clients ?? []),
      replayBodyMaxBytes: config.replayBodyMaxBytes,
      forward: config.forward ?? false,
      connect: config.connect ?? NO_CONNECT,
    }
    return compileRoutes(config.routes, settings, {
      meter: (name) => {
        const meter = meters.get(name) ?? this.#deps.telemetry.route(name)
        meters.set(name, meter)
        return meter
      },
      upstream: ({ upstream: { origin, insecure, http2, pins } }) => {
        const key = [origin, insecure, http2, ...(pins ?? [])].join(' ')
        const known = this.#origins.get(key)
        // Private addresses are reached only where the route says so.
        const lookup = vettedLookup(this.#deps.resolve ?? systemResolve, (address) =>
          isReachable(address, insecure),
        )
        const upstream =
          known ??
          new UpstreamOrigin(
            origin,
            {
              lookup,
              ...(http2 === undefined ? {} : { http2 }),
              ...(pins === undefined ? {} : { pins }),
              ...config.upstream,
            },
            {
              clock: this.#deps.clock,
              llhttp: this.#llhttp,
              batch: this.#batch,
              turns: this.#turns,
            },
          )
        this.#origins.set(key, upstream)
        return upstream
      },
      credential: (id) => this.#credentials.get(id),
      signer: (spec) => {
        const made = signers.get(spec) ?? signer(spec)
        signers.set(spec, made)
        return made
      },
      signParameters: this.#deps.signParameters ?? missing,
      tokens: config.tokens ?? missing,
    })
  }
}

function missing(): never {
  throw new Error('a route computes its credential, and nothing here can')
}

const NO_CONNECT: ConnectPolicy = { intercept: false, unrouted: 'refuse' }

function ownNames(address: ListenAddress, more: readonly string[]): ReadonlySet<string> {
  const names = new Set(['localhost', '127.0.0.1', '[::1]', ...more])
  if (address.kind === 'tcp') {
    names.add(address.host.includes(':') ? `[${address.host}]` : address.host.toLowerCase())
  }
  return names
}
