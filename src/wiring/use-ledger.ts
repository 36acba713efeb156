import type { UsesByVersion, UseReader } from '../kernel/ports/usage.ts'
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

/** What is known of one credential. */
interface Known {
  /** Where requests of this process note their uses; null before the first version is served. */
  here: UsesByVersion | null
  /** Ids of the versions that were loaded last. */
  live: ReadonlySet<string>
  /** Wall clock by version id; who was loaded or told of last stands at the end. Null: never used. */
  readonly uses: Map<string, number | null>
}

/** When versions were last used of credentials that have no record, for their status. */
export class UseLedger implements UseReader {
  readonly #known = new Map<string, Known>()

  /** The same source, whose versions the ledger knows by name. */
  naming(source: VersionSource): VersionSource {
    return {
      ...source,
      load: async () => {
        const loaded = await source.load()
        const known = this.#of(source.credentialId)
        gather(known)
        known.live = new Set(loaded.versions.map(({ versionId }) => versionId))
        for (const versionId of known.live) note(known, versionId, null)
        return loaded
      },
    }
  }

  follow(credentialId: string, lastUses: UsesByVersion): void {
    this.#of(credentialId).here = lastUses
  }

  /** Adds what another process has seen. */
  learn(seen: readonly VersionUse[]): void {
    for (const { credentialId, versionId, atMs } of seen) {
      note(this.#of(credentialId), versionId, atMs)
    }
  }

  /** All that is known, for another process. */
  report(): readonly VersionUse[] {
    return [...this.#known].flatMap(([credentialId, known]) =>
      [...gather(known)].flatMap(([versionId, atMs]) =>
        atMs === null ? [] : [{ credentialId, versionId, atMs }],
      ),
    )
  }

  /** Wall clock; null when it was never used. */
  lastUsedAtMs(credentialId: string, versionId: string): number | null {
    const known = this.#known.get(credentialId)
    return known === undefined ? null : (gather(known).get(versionId) ?? null)
  }

  /** Forgets the credentials that a reload took out of the configuration. */
  retain(credentials: ReadonlySet<string>): void {
    for (const id of this.#known.keys()) if (!credentials.has(id)) this.#known.delete(id)
  }

  #of(credentialId: string): Known {
    const known = this.#known.get(credentialId)
    if (known !== undefined) return known
    const created: Known = { here: null, live: new Set(), uses: new Map() }
    this.#known.set(credentialId, created)
    return created
  }
}

/** What requests of this process have noted since is known under the versions' names. */
function gather(known: Known): Known['uses'] {
  // Not of those that are live alone: after a reload that failed, requests go on with the versions before it.
  const remembered = [...known.uses]
  for (const [versionId, before] of remembered) {
    const atMs = known.here?.lastUsedAtMs(versionId) ?? null
    if (atMs !== null && atMs !== before) note(known, versionId, atMs)
  }
  return known.uses
}

function note({ uses, live }: Known, versionId: string, atMs: number | null): void {
  const before = uses.get(versionId) ?? null
  uses.delete(versionId)
  uses.set(versionId, before === null || (atMs !== null && before < atMs) ? atMs : before)
  for (const id of uses.keys()) {
    if (uses.size <= VERSIONS_MAX) break
    if (id !== versionId && !live.has(id)) uses.delete(id)
  }
}
