import type { Readiness } from '../admin/admin-deps.ts'
import type { LocalAuthority } from '../authority/local-authority.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Random } from '../kernel/ports/random.ts'
import type { SignerSpec } from '../kernel/ports/signer.ts'
import type { Store } from '../kernel/ports/store.ts'
import type { EarlyLook } from '../kernel/ports/usage.ts'
import { DataPlane, type DataPlaneConfig } from '../proxy/data-plane.ts'
import { createSigner } from '../signers/create-signer.ts'
import { signParameters } from '../signers/parameters/sign-parameters.ts'
import type { MetricPiece } from '../telemetry/metric-piece.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Front, Prepared } from './front.ts'
import { interceptedHosts } from './open-authority.ts'
import { planeConfig } from './plane-config.ts'
import { reasonOf } from './reason-of.ts'
import { TokenCaches, type TokenCachesDeps } from './token-caches.ts'
import type { UseLedger, VersionUse } from './use-ledger.ts'

export interface OwnFrontDeps extends TokenCachesDeps {
  readonly clock: Clock
  readonly log: Log
  readonly random: Random
  readonly instance: string
  readonly store: Store | null
  readonly certificates: LocalAuthority | null
  readonly metrics: Metrics
  readonly uses: UseLedger
  readonly earlyLook: EarlyLook
}

/** Serves requests in this process. */
export class OwnFront implements Front {
  readonly #deps: OwnFrontDeps
  readonly #tokens: TokenCaches
  #plane: DataPlane | null = null
  #address = ''

  constructor(deps: OwnFrontDeps) {
    this.#deps = deps
    const { metrics, earlyLook } = deps
    this.#tokens = new TokenCaches(deps, {
      refused: (id, { stage }) => {
        metrics.proxy.credential(id).authFailure(stage)
        earlyLook.look(id)
      },
      answered: (id, kind) => metrics.rotation.providerCall(id, 'token', kind),
    })
  }

  get address(): string {
    return this.#address
  }

  async apply({ config, units, clients }: Prepared): Promise<void> {
    const { store, log } = this.#deps
    try {
      const tokens = await this.#tokens.prepare(config.routes, units)
      await this.#serve(planeConfig(config, units, clients, store, tokens))
    } catch (error) {
      await this.#tokens.discard()
      throw error
    }
    // Requests are served under it by now: what can't be let go of must not say otherwise.
    await this.#tokens.commit().catch((error: unknown) => {
      log.warn('not ended in order', { reason: reasonOf(error) })
    })
  }

  readiness(): Readiness {
    return this.#plane?.readiness() ?? { ready: false, reasons: ['starting'] }
  }

  metrics(): Promise<AsyncIterable<MetricPiece>> {
    return Promise.resolve(this.#deps.metrics.pieces())
  }

  uses(): Promise<readonly VersionUse[]> {
    return Promise.resolve([])
  }

  async stop(drainMs: number): Promise<void> {
    try {
      await this.#plane?.stop(drainMs)
    } finally {
      await this.#tokens.stop()
    }
  }

  async #serve(config: DataPlaneConfig): Promise<void> {
    await this.#deps.certificates?.serve(interceptedHosts(config))
    if (this.#plane !== null) return this.#plane.reload(config)
    const { random, metrics } = this.#deps
    const signer = (spec: SignerSpec) => createSigner(spec, random)
    const deps = { ...this.#deps, telemetry: metrics.proxy, signer, signParameters }
    this.#plane = new DataPlane(deps, config)
    const { address, port } = await this.#plane.start()
    this.#address = port === null ? `unix:${address}` : `${address}:${port}`
  }
}
