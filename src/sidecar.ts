import { isDeepStrictEqual } from 'node:util'
import type { LocalAuthority } from './authority/local-authority.ts'
import { createAdminApp } from './admin/app.ts'
import type { Readiness, ReloadResult } from './admin/admin-deps.ts'
import { type AdminServer, serveAdmin } from './admin/serve-admin.ts'
import { catalog } from './catalog.ts'
import { formatListenAddress } from './config/listen-address.ts'
import { loadConfig, loadConfigText } from './config/load-config.ts'
import type { SidekeyConfig } from './config/types.ts'
import {
  buildUnit,
  closeUnit,
  type CredentialUnit,
  type UnitDeps,
} from './wiring/credential-unit.ts'
import { controlOf } from './wiring/control-of.ts'
import { interceptedHosts } from './wiring/open-authority.ts'
import { planeConfig } from './wiring/plane-config.ts'
import { managersOf, rotatorsOf } from './wiring/rotators-of.ts'
import { reasonOf } from './wiring/reason-of.ts'
import { ensureRecord } from './wiring/ensure-record.ts'
import { needRestart, STOPPING } from './wiring/need-restart.ts'
import { ConfigError } from './kernel/errors.ts'
import { SHUTDOWN_DRAIN_MS } from './kernel/limits.ts'
import type { SignerSpec } from './kernel/ports/signer.ts'
import type { SecretValue } from './kernel/secret-value.ts'
import { type ClientConfig, DataPlane, type DataPlaneConfig } from './proxy/data-plane.ts'
import { RotationScheduler } from './rotation/scheduler.ts'
import type { Metrics } from './telemetry/metrics.ts'
import { createSigner } from './signers/create-signer.ts'
import { signParameters } from './signers/parameters/sign-parameters.ts'
import { TokenCaches } from './wiring/token-caches.ts'
import type { WorkerGroup } from './wiring/cluster/worker-group.ts'
import { UseLedger } from './wiring/use-ledger.ts'

/** What a running Sidekey is made of before its configuration is applied; `cli/serve.ts` builds it. */
export interface SidecarDeps extends Omit<
  UnitDeps,
  'telemetry' | 'sourceTelemetry' | 'managementOf'
> {
  readonly configFile: string
  readonly config: SidekeyConfig
  readonly metrics: Metrics
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
  #units: ReadonlyMap<string, CredentialUnit> = new Map()
  #plane: DataPlane | null = null
  #proxyAddress = ''
  #scheduler: RotationScheduler
  #admin: AdminServer | null = null
  #adminToken: SecretValue | null = null
  #phase: 'starting' | 'running' | 'stopping' = 'starting'
  #reloading: Promise<unknown> = Promise.resolve()
  readonly #uses = new UseLedger()
  readonly #tokens: TokenCaches

  constructor(deps: SidecarDeps) {
    this.#deps = deps
    this.#config = deps.config
    this.#scheduler = new RotationScheduler({ ...deps, rotators: new Map() })
    this.#tokens = new TokenCaches(deps, {
      refused: (id, { stage }) => {
        deps.metrics.proxy.credential(id).authFailure(stage)
        this.#look(id)
      },
      answered: (id, kind) => deps.metrics.rotation.providerCall(id, 'token', kind),
    })
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
    return { proxy: this.#proxyAddress, admin: formatListenAddress(admin) }
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
    await this.#whateverHappens(() => this.#deps.group?.stop(SHUTDOWN_DRAIN_MS))
    await this.#whateverHappens(() => this.#plane?.stop(SHUTDOWN_DRAIN_MS))
    await this.#whateverHappens(() => this.#tokens.stop())
    await this.#whateverHappens(() => this.#scheduler.stop())
    for (const unit of this.#units.values()) await this.#whateverHappens(() => closeUnit(unit))
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
    const units = new Map(config.credentials.map((one) => [one.id, this.#unitFor(one, before)]))
    const fresh = notIn(before, units)
    try {
      // What runs already has its record, and a store that is away now must not keep other changes.
      if (this.#deps.lookElsewhere === null) {
        for (const unit of fresh) await ensureRecord(unit, this.#deps.log)
      }
      await this.#applyToGroup(text)
      const served = this.#deps.group === null ? config.routes : []
      const tokens = await this.#tokens.prepare(served, units)
      if (this.#deps.group === null) {
        await this.#applyToPlane(planeConfig(config, units, clients, this.#deps.store, tokens))
      }
    } catch (error) {
      await this.#tokens.discard()
      for (const unit of fresh) await this.#whateverHappens(() => closeUnit(unit))
      throw error
    }
    this.#units = units
    await this.#whateverHappens(() => this.#tokens.commit())
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
    this.#deps.metrics.retain({
      // Requests that no route has taken are counted under `none`.
      routes: [...config.routes.map(({ name }) => name), 'none'],
      credentials: config.credentials.map(({ id }) => id),
    })
  }

  /** Tells the rotation of a credential that something is wrong with it. */
  #look(credentialId: string): void {
    const { lookElsewhere } = this.#deps
    if (lookElsewhere === null) this.#scheduler.look(credentialId)
    else lookElsewhere(credentialId)
  }

  async #applyToGroup(text: string): Promise<void> {
    const { group } = this.#deps
    if (group === null) return
    if (this.#phase !== 'starting') return group.apply(text)
    await group.start(text, (credentialId) => this.#scheduler.look(credentialId))
    this.#proxyAddress = group.address
  }

  async #applyToPlane(config: DataPlaneConfig): Promise<void> {
    await this.#deps.certificates?.serve(interceptedHosts(config))
    if (this.#plane !== null) return this.#plane.reload(config)
    const earlyLook = { look: (id: string) => this.#look(id) }
    const telemetry = this.#deps.metrics.proxy
    const signer = (spec: SignerSpec) => createSigner(spec, this.#deps.random)
    const deps = { ...this.#deps, telemetry, earlyLook, uses: this.#uses, signer, signParameters }
    this.#plane = new DataPlane(deps, config)
    const { address, port } = await this.#plane.start()
    this.#proxyAddress = port === null ? `unix:${address}` : `${address}:${port}`
  }

  #unitFor(
    config: SidekeyConfig['credentials'][number],
    before: ReadonlyMap<string, CredentialUnit>,
  ): CredentialUnit {
    const known = before.get(config.id)
    if (known !== undefined && isDeepStrictEqual(known.config, config)) return known
    return buildUnit(config, {
      ...this.#deps,
      telemetry: this.#deps.metrics.rotation,
      sourceTelemetry: this.#deps.metrics.sources,
      managementOf: async (credentialId) => {
        const primary = this.#units.get(credentialId)
        if (primary === undefined) return []
        const { versions } = await primary.source.load()
        return versions.map(({ value }) => ({ account: primary.config.account, secret: value }))
      },
    })
  }

  async #openAdmin(): Promise<void> {
    const { listen } = this.#config.admin
    const { metrics } = this.#deps
    const app = createAdminApp({
      ...this.#deps,
      control: controlOf(
        () => this.#units,
        () => this.#scheduler,
        this.#uses,
      ),
      token: () => this.#adminToken,
      readiness: () => this.readiness(),
      live: () => true,
      started: () => this.#phase !== 'starting',
      metrics: async () => ({ text: await this.#metricsText(), contentType: metrics.contentType }),
      reload: () => this.reload(),
    })
    if (listen.kind === 'tcp') this.#admin = await serveAdmin({ ...this.#deps, app, ...listen })
  }

  async #metricsText(): Promise<string> {
    const { group, metrics } = this.#deps
    return group === null ? metrics.text() : group.metrics(await metrics.report())
  }

  /** Whether requests find what they need. */
  readiness(): Readiness {
    const { group } = this.#deps
    if (this.#phase === 'running' && group !== null) return group.readiness()
    return this.#phase === 'running' && this.#plane !== null
      ? this.#plane.readiness()
      : { ready: false, reasons: [this.#phase] }
  }
}

type Units = ReadonlyMap<string, CredentialUnit>

/** Those of `all` that `some` does not have, or has otherwise. */
function notIn(some: Units, all: Units): readonly CredentialUnit[] {
  return [...all.values()].filter((unit) => some.get(unit.config.id) !== unit)
}
