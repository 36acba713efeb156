import type { LiveVersion } from '../kernel/credential.ts'
import type { LastUses } from '../kernel/ports/usage.ts'

interface Use {
  /** As it was read last. */
  version: LiveVersion
  /** Wall clock. */
  atMs: number
  /** Requests that were sent with the version, and that the upstream has not answered yet. */
  inFlight: number
}

/**
 * When this process used each version of a credential last. An upload may last longer than any drain: until the
 * upstream has answered it, its version is in use now.
 */
export class VersionUses implements LastUses {
  /** A few: those that are live, and those that requests have not let go of. */
  #uses: readonly Use[] = []
  /** That of most requests: the one memory that they touch. */
  #latest: Use | null = null

  /** A request is sent with this version; call `ended` once, whatever becomes of it. */
  began(version: LiveVersion, atMs: number): void {
    this.#use(version, atMs).inFlight++
  }

  ended(version: LiveVersion, atMs: number): void {
    this.#use(version, atMs).inFlight--
  }

  used(version: LiveVersion, atMs: number): void {
    this.#use(version, atMs)
  }

  lastUsedAtMs(versionId: string): number | null {
    const uses = this.#uses.filter(({ version }) => version.versionId === versionId)
    return uses.length === 0 ? null : Math.max(...uses.map(({ atMs }) => atMs))
  }

  /** Whether requests with this version wait for their answers. */
  isInFlight(version: LiveVersion): boolean {
    return (this.#find(version)?.inFlight ?? 0) > 0
  }

  /** Forgets versions that are neither live nor in flight. */
  retain(live: readonly LiveVersion[]): void {
    this.#uses = this.#uses.filter(
      (use) => use.inFlight > 0 || live.some((version) => isSameVersion(version, use.version)),
    )
    this.#latest = null
  }

  /** By generation, as a replica tells it to the others. */
  lastUse(nowMs: number): Readonly<Record<number, number>> {
    const last: Record<number, number> = {}
    for (const { version, atMs, inFlight } of this.#uses) {
      const { generation } = version
      last[generation] = Math.max(last[generation] ?? 0, inFlight > 0 ? nowMs : atMs)
    }
    return last
  }

  #use(version: LiveVersion, atMs: number): Use {
    let use = this.#latest
    if (use?.version !== version) {
      use = this.#find(version) ?? this.#add({ version, atMs, inFlight: 0 })
      use.version = version
      this.#latest = use
    }
    use.atMs = atMs
    return use
  }

  #add(use: Use): Use {
    this.#uses = [...this.#uses, use]
    return use
  }

  #find(version: LiveVersion): Use | undefined {
    return this.#uses.find((use) => isSameVersion(use.version, version))
  }
}

/** A source may read the same version anew, under another number too, and may give a number again to another one. */
export function isSameVersion(a: LiveVersion, b: LiveVersion): boolean {
  return a.versionId === b.versionId
}
