import type { UseReporter } from '../kernel/ports/usage.ts'
import type { VersionSource } from '../kernel/ports/version-source.ts'

/** One version's last use, as one process tells another. */
export interface VersionUse {
  readonly credentialId: string
  /** `s-` and the fingerprint: the same in all processes, other than the generation. */
  readonly versionId: string
  /** Wall clock. */
  readonly atMs: number
}

/** Of so many versions of a credential the use is remembered; two of them are live at most. */
const VERSIONS_MAX = 8

interface Use {
  /** Wall clock; null: never. */
  atMs: number | null
}

/** When versions were last used of credentials that have no record, for their status. */
export class UseLedger implements UseReporter {
  /** By credential, then by generation: the versions that were loaded last. Requests write into these alone. */
  readonly #live = new Map<string, ReadonlyMap<number, Use>>()
  /** By credential, then by version id, the one that was loaded or told of last at the end. */
  readonly #uses = new Map<string, Map<string, Use>>()

  /** The same source, whose versions the ledger knows by name. */
  naming(source: VersionSource): VersionSource {
    return {
      ...source,
      load: async () => {
        const loaded = await source.load()
        const live = new Map<number, Use>()
        for (const { generation, versionId } of loaded.versions) {
          live.set(generation, this.#useOf(source.credentialId, versionId))
        }
        this.#live.set(source.credentialId, live)
        return loaded
      },
    }
  }

  used(credentialId: string, generation: number, atMs: number): void {
    const use = this.#live.get(credentialId)?.get(generation)
    if (use !== undefined) note(use, atMs)
  }

  /** Adds what another process has seen. */
  learn(seen: readonly VersionUse[]): void {
    for (const { credentialId, versionId, atMs } of seen) {
      note(this.#useOf(credentialId, versionId), atMs)
    }
  }

  /** All that is known, for another process. */
  report(): readonly VersionUse[] {
    return [...this.#uses].flatMap(([credentialId, uses]) =>
      [...uses].flatMap(([versionId, { atMs }]) =>
        atMs === null ? [] : [{ credentialId, versionId, atMs }],
      ),
    )
  }

  /** Wall clock; null when it was never used. */
  lastUsedAtMs(credentialId: string, versionId: string): number | null {
    return this.#uses.get(credentialId)?.get(versionId)?.atMs ?? null
  }

  /** Forgets the credentials that a reload took out of the configuration. */
  retain(credentials: ReadonlySet<string>): void {
    for (const known of [this.#live, this.#uses]) {
      for (const id of known.keys()) if (!credentials.has(id)) known.delete(id)
    }
  }

  #useOf(credentialId: string, versionId: string): Use {
    let uses = this.#uses.get(credentialId)
    if (uses === undefined) this.#uses.set(credentialId, (uses = new Map()))
    const use = uses.get(versionId) ?? { atMs: null }
    uses.delete(versionId)
    uses.set(versionId, use)
    // Requests write into those that are live: they stay.
    const live = new Set(this.#live.get(credentialId)?.values())
    for (const [id, other] of uses) {
      if (uses.size <= VERSIONS_MAX) break
      if (other !== use && !live.has(other)) uses.delete(id)
    }
    return use
  }
}

function note(use: Use, atMs: number): void {
  if (use.atMs === null || use.atMs < atMs) use.atMs = atMs
}
