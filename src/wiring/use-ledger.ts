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

/** When versions were last used of credentials that have no record, for their status. */
export class UseLedger implements UseReporter {
  /** By credential, then by generation: what the versions are called that were loaded last. */
  readonly #names = new Map<string, ReadonlyMap<number, string>>()
  readonly #uses = new Map<string, Map<string, number>>()

  /** The same source, whose versions the ledger knows by name. */
  naming(source: VersionSource): VersionSource {
    return {
      ...source,
      load: async () => {
        const loaded = await source.load()
        const names = new Map<number, string>()
        for (const { generation, versionId } of loaded.versions) names.set(generation, versionId)
        this.#names.set(source.credentialId, names)
        return loaded
      },
    }
  }

  used(credentialId: string, generation: number, atMs: number): void {
    const versionId = this.#names.get(credentialId)?.get(generation)
    if (versionId !== undefined) this.#note(credentialId, versionId, atMs)
  }

  /** Adds what another process has seen. */
  learn(seen: readonly VersionUse[]): void {
    for (const { credentialId, versionId, atMs } of seen) this.#note(credentialId, versionId, atMs)
  }

  /** All that is known, for another process. */
  report(): readonly VersionUse[] {
    return [...this.#uses].flatMap(([credentialId, uses]) =>
      [...uses].map(([versionId, atMs]) => ({ credentialId, versionId, atMs })),
    )
  }

  /** Wall clock; null when it was never used. */
  lastUsedAtMs(credentialId: string, versionId: string): number | null {
    return this.#uses.get(credentialId)?.get(versionId) ?? null
  }

  /** Forgets the credentials that a reload took out of the configuration. */
  retain(credentials: ReadonlySet<string>): void {
    for (const known of [this.#names, this.#uses]) {
      for (const id of known.keys()) if (!credentials.has(id)) known.delete(id)
    }
  }

  #note(credentialId: string, versionId: string, atMs: number): void {
    let uses = this.#uses.get(credentialId)
    if (uses === undefined) this.#uses.set(credentialId, (uses = new Map()))
    uses.set(versionId, Math.max(atMs, uses.get(versionId) ?? 0))
    if (uses.size <= VERSIONS_MAX) return
    const [oldest] = uses.keys()
    if (oldest !== undefined) uses.delete(oldest)
  }
}
