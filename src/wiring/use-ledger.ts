import type { UseReporter } from '../kernel/ports/usage.ts'

/** When this process last used each version, for the status of credentials that have no record. */
export class UseLedger implements UseReporter {
  readonly #lastUse = new Map<string, Map<number, number>>()

  used(credentialId: string, generation: number, atMs: number): void {
    let uses = this.#lastUse.get(credentialId)
    if (uses === undefined) this.#lastUse.set(credentialId, (uses = new Map()))
    uses.set(generation, atMs)
  }

  /** Wall clock; null when it was never used. */
  lastUsedAtMs(credentialId: string, generation: number): number | null {
    return this.#lastUse.get(credentialId)?.get(generation) ?? null
  }
}
