import { StoreUnavailableError } from '../kernel/errors.ts'
import { LEASE_TTL_MS } from '../kernel/limits.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Lease, Store } from '../kernel/ports/store.ts'
import { LEASE_RENEW_MS } from './timing.ts'

/**
 * Holds the lease of one credential for one process. It saves calls: two holders would only do
 * everything twice, since safety is the compare-and-swap.
 */
export class LeaseKeeper {
  readonly #store: Store
  readonly #clock: Clock
  readonly #credentialId: string
  readonly #holder: string
  #lease: Lease | null = null
  #renewedAtMs = 0

  constructor(store: Store, clock: Clock, credentialId: string, holder: string) {
    this.#store = store
    this.#clock = clock
    this.#credentialId = credentialId
    this.#holder = holder
  }

  /** The number of this holding; 0 while there is none. */
  get fence(): number {
    return this.#lease?.fence ?? 0
  }

  /**
   * Takes or prolongs the lease; false while somebody else holds it.
   * @throws StoreUnavailableError `store-unavailable`
   */
  async hold(): Promise<boolean> {
    const nowMs = this.#clock.monotonic()
    const held = this.#lease
    if (held !== null && nowMs - this.#renewedAtMs < LEASE_RENEW_MS) return true
    if (held !== null && !(await held.renew())) this.#lease = null
    this.#lease ??= await this.#store.acquireLease(this.#credentialId, this.#holder, LEASE_TTL_MS)
    if (this.#lease !== null) this.#renewedAtMs = nowMs
    return this.#lease !== null
  }

  /** Gives it back, so that another replica need not wait for its end. A store that can't be reached lets it run out. */
  async giveUp(): Promise<void> {
    const lease = this.#lease
    this.#lease = null
    await lease?.release().catch((error: unknown) => {
      if (!(error instanceof StoreUnavailableError)) throw error
    })
  }
}
