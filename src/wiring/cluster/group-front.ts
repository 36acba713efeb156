import type { Readiness } from '../../admin/admin-deps.ts'
import type { EarlyLook } from '../../kernel/ports/usage.ts'
import { joinPieces, type MetricPiece } from '../../telemetry/metric-piece.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { VersionUse } from '../use-ledger.ts'
import type { Front, Prepared } from '../front.ts'
import { namedBy } from '../named-by.ts'
import type { WorkerGroup } from './worker-group.ts'

export interface GroupFrontDeps {
  readonly group: WorkerGroup
  readonly metrics: Metrics
  readonly earlyLook: EarlyLook
}

/** Serves requests in worker processes. */
export class GroupFront implements Front {
  readonly #deps: GroupFrontDeps
  #isStarted = false

  constructor(deps: GroupFrontDeps) {
    this.#deps = deps
  }

  get address(): string {
    return this.#deps.group.address
  }

  async apply({ config, text }: Prepared): Promise<void> {
    const { group, earlyLook } = this.#deps
    if (!this.#isStarted) {
      this.#isStarted = true
      return group.start(text, (credentialId) => earlyLook.look(credentialId))
    }
    await group.apply(text)
    group.retain(namedBy(config))
  }

  readiness(): Readiness {
    return this.#deps.group.readiness()
  }

  async metrics(): Promise<AsyncIterable<MetricPiece>> {
    const { group, metrics } = this.#deps
    return group.metrics(joinPieces(await Array.fromAsync(metrics.pieces())))
  }

  uses(): Promise<readonly VersionUse[]> {
    return this.#deps.group.uses()
  }

  stop(drainMs: number): Promise<void> {
    return this.#deps.group.stop(drainMs)
  }
}
