import type { LocalAuthority } from './authority/local-authority.ts'
import type { Readiness, ReloadResult } from './admin/admin-deps.ts'
import { type AdminServer, serveAdmin } from './admin/serve-admin.ts'
import { catalog } from './catalog.ts'
import { formatListenAddress } from './config/listen-address.ts'
import { loadConfig, loadConfigText } from './config/load-config.ts'
import type { SidekeyConfig } from './config/types.ts'
import { type BuildUnitsDeps, buildUnits, notIn, type Units } from './wiring/build-units.ts'
import { closeUnit } from './wiring/credential-unit.ts'
import { controlOf } from './wiring/control-of.ts'
import type { Front } from './wiring/front.ts'
import { namedBy } from './wiring/named-by.ts'
import { OwnFront } from './wiring/own-front.ts'
import { managersOf, rotatorsOf } from './wiring/rotators-of.ts'
import { reasonOf } from './wiring/reason-of.ts'
import { ensureRecords } from './wiring/ensure-record.ts'
import { needRestart, STOPPING } from './wiring/need-restart.ts'
import { ConfigError } from './kernel/errors.ts'
import { SHUTDOWN_DRAIN_MS } from './kernel/limits.ts'
import type { SecretValue } from './kernel/secret-value.ts'
import type { ClientConfig } from './proxy/data-plane.ts'
import { RotationScheduler } from './rotation/scheduler.ts'
import { GroupFront } from './wiring/cluster/group-front.ts'
import { writeMetrics } from './telemetry/write-metrics.ts'
import type { WorkerState } from './wiring/cluster/messages.ts'
import type { WorkerGroup } from './wiring/cluster/worker-group.ts'
import { UseLedger } from './wiring/use-ledger.ts'
import { Connections } from './calls/connections.ts'
import { WatchedFolders } from './providers/static/watched-folders.ts'

/** What a running Sidekey is made of before its configuration is applied; `cli/serve.ts` builds it. */
export interface SidecarDeps extends Omit<BuildUnitsDeps, 'uses' | 'files' | 'connections'> {
  readonly configFile: string
  readonly config: SidekeyConfig
  readonly version: string
  /** Of the local authority; null: no TLS ends here. */
  readonly certificates: LocalAuthority | null
  /** The admin token and the clients' tokens, read from their sources. */
  readonly readToken: (config: SidekeyConfig) => Promise<SecretValue | null>
  readonly readClients: (config: SidekeyConfig) => Promise<readonly ClientConfig[]>
  /** What the configuration's file said. */
  readonly text: string
  /** The processes that serve in place of this one; null: this one serves. */
  readonly group: WorkerGroup | null
  /** In a worker: asks the supervisor, which alone rotates and has the admin port; else null. */
  readonly lookElsewhere: ((credentialId: string) => void) | null
  /** Starts an orderly stop of the process. */
  readonly quit: () => void
}

/** One running Sidekey: both planes, the admin port, and the configuration that they run under. */
export class Sidecar {
  readonly #deps: SidecarDeps
  #config: SidekeyConfig
  #units: Units = new Map()
  readonly #front: Front
  #scheduler: RotationScheduler
  #admin: AdminServer | null = null
  #adminToken: SecretValue | null = null
  #phase: 'starting' | 'running' | 'stopping' = 'starting'
  #reloading: Promise<unknown> = Promise.resolve()
  readonly #uses = new UseLedger()
  readonly #files: WatchedFolders
  readonly #connections = new Connections()

  constructor(deps: SidecarDeps) {
    this.#deps = deps
    this.#config = deps.config
    this.#scheduler = new RotationScheduler({ ...deps, rotators: new Map() })
    this.#files = new WatchedFolders(deps)
    const { group } = deps
    const shared = {
      ...deps,
      uses: this.#uses,
      connections: this.#connections,
      earlyLook: { look: (id: string) => this.#look(id) },
    }
    this.#front = group === null ? new OwnFront(shared) : new GroupFront({ ...shared, group })
  }

  /**
   * Opens the admin port, reads every credential, opens the proxy, starts rotating.
   * @throws StoreUnreadableError a record can't be read: an empty start would orphan its secrets
   */
  async start(): Promise<void> {
    if (this.#deps.lookElsewhere === null) await this.#openAdmin()
    await this.#apply(this.#config, this.#deps.text)
    this.#phase = 'running'
  }

  /** Where it listens, with the ports that were taken for 0. */
  get addresses(): { readonly proxy: string; readonly admin: string } {
    const { listen } = this.#config.admin
    const port = this.#admin?.port
    const admin = listen.kind === 'tcp' && port !== undefined ? { ...listen, port } : listen
    return { proxy: this.#front.address, admin: formatListenAddress(admin) }
  }

  /** Applies the file as it is now, wholly or not at all; requests in flight finish under the old one. */
  reload(): Promise<ReloadResult> {
    const next = this.#reloading.then(() => this.#reload())
    this.#reloading = next.catch(() => undefined)
    return next
  }

  /**
   * In a worker: looks whether a configuration could be applied, or applies it.
   * @throws ConfigError
   */
  change(kind: 'prepare' | 'commit', text: string): Promise<void> {
    const { configFile, env } = this.#deps
    const next = this.#reloading.then(async () => {
      if (this.#phase === 'stopping') throw new ConfigError([STOPPING])
      const { config } = await loadConfigText(text, configFile, catalog, env)
      if (kind === 'commit') await this.#apply(config, text)
    })
    this.#reloading = next.catch(() => undefined)
    return next
  }

  /** Not ready first, then no new requests, then none in flight, then everything else: one that fails keeps no other. */
  async stop(): Promise<void> {
    this.#phase = 'stopping'
    // What it is about to start could not be stopped any more.
    await this.#reloading
    await this.#whateverHappens(() => this.#front.stop(SHUTDOWN_DRAIN_MS))
    await this.#whateverHappens(() => this.#scheduler.stop())
    for (const unit of this.#units.values()) await this.#whateverHappens(() => closeUnit(unit))
    await this.#whateverHappens(() => this.#connections.close())
    await this.#whateverHappens(() => this.#deps.store?.close())
    await this.#whateverHappens(() => this.#admin?.close())
  }

  async #whateverHappens(end: () => Promise<void> | undefined): Promise<void> {
    try {
      await end()
    } catch (error) {
      this.#deps.log.warn('not ended in order', { reason: reasonOf(error) })
    }
  }

  async #reload(): Promise<ReloadResult> {
    const { configFile, env, metrics, log } = this.#deps
    try {
      if (this.#phase === 'stopping') throw new ConfigError([STOPPING])
      const { config, text } = await loadConfig(configFile, catalog, env)
      const fixed = needRestart(this.#config, config)
      if (fixed.length > 0) throw new ConfigError(fixed)
      await this.#apply(config, text)
    } catch (error) {
      metrics.reload(false)
      if (!(error instanceof ConfigError)) {
        log.error('configuration not reloaded', { reason: reasonOf(error) })
        throw error
      }
      log.error('configuration not reloaded', { errors: error.issues.length })
      return { ok: false, issues: error.issues }
    }
    metrics.reload(true)
    log.info('configuration reloaded', { credentials: this.#config.credentials.length })
    return { ok: true }
  }

  /** Builds what is new, moves both planes over, lets go of what is gone. */
  async #apply(config: SidekeyConfig, text: string): Promise<void> {
    const before = this.#units
    const adminToken = await this.#deps.readToken(config)
    const clients = await this.#deps.readClients(config)
    const shared = {
      ...this.#deps,
      uses: this.#uses,
      files: this.#files,
      connections: this.#connections,
    }
    const units = buildUnits(config, () => this.#units, shared)
    const fresh = notIn(before, units)
    try {
      // What runs already has its record, and a store that is away now must not keep other changes.
      if (this.#deps.lookElsewhere === null) {
        await ensureRecords(fresh, this.#deps.log)
      }
      await this.#front.apply({ config, text, units, clients })
    } catch (error) {
      for (const unit of fresh) await this.#whateverHappens(() => closeUnit(unit))
      throw error
    }
    this.#units = units
    await this.#whateverHappens(() => this.#scheduler.stop())
    this.#scheduler = new RotationScheduler({
      ...this.#deps,
      rotators: rotatorsOf(units),
      managers: managersOf(config),
    })
    if (this.#deps.lookElsewhere === null) this.#scheduler.start()
    this.#config = config
    this.#adminToken = adminToken
    for (const unit of notIn(units, before)) await this.#whateverHappens(() => closeUnit(unit))
    const named = namedBy(config)
    this.#deps.metrics.retain(named)
    this.#uses.retain(named.credentials)
  }

  /** Tells the rotation of a credential that something is wrong with it. */
  #look(credentialId: string): void {
    const { lookElsewhere } = this.#deps
    if (lookElsewhere === null) this.#scheduler.look(credentialId)
    else lookElsewhere(credentialId)
  }

  async #openAdmin(): Promise<void> {
    const { listen } = this.#config.admin
    const deps = {
      ...this.#deps,
      control: controlOf(
        () => this.#units,
        () => this.#scheduler,
        this.#uses,
        () => this.#front.uses(),
      ),
      token: () => this.#adminToken,
      readiness: () => this.readiness(),
      live: () => true,
      started: () => this.#phase !== 'starting',
      metrics: async () => writeMetrics(await this.#front.metrics()),
      reload: () => this.reload(),
    }
    if (listen.kind === 'tcp') this.#admin = await serveAdmin({ deps, ...listen })
  }

  /** In a worker: how it is, for the supervisor. */
  report(): WorkerState {
    return { readiness: this.readiness(), uses: this.#uses.report() }
  }

  /** Whether requests find what they need. */
  readiness(): Readiness {
    return this.#phase === 'running'
      ? this.#front.readiness()
      : { ready: false, reasons: [this.#phase] }
  }
}
