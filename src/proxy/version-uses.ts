import type { LiveVersion } from '../kernel/credential.ts'
import type { UsesByVersion } from '../kernel/ports/usage.ts'

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
export class VersionUses implements UsesByVersion {
  /** By version id; a few: those that are live, and those that requests have not let go of. */
  readonly #uses = new Map<string, Use>()
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
    return this.#uses.get(versionId)?.atMs ?? null
  }

  /** Whether requests with this version wait for their answers. */
  isInFlight({ versionId }: LiveVersion): boolean {
    return (this.#uses.get(versionId)?.inFlight ?? 0) > 0
  }

  /** Forgets versions that are neither live nor in flight. */
  retain(live: readonly LiveVersion[]): void {
    const ids = new Set(live.map(({ versionId }) => versionId))
    for (const [id, { inFlight }] of this.#uses) {
      if (inFlight === 0 && !ids.has(id)) this.#uses.delete(id)
    }
    this.#latest = null
  }

  /** By generation, as a replica tells it to the others. */
  lastUse(nowMs: number): Readonly<Record<number, number>> {
    const last: Record<number, number> = {}
    for (const { version, atMs, inFlight } of this.#uses.values()) {
      const { generation } = version
      // A source may give a number again to another version: the later use counts.
      last[generation] = Math.max(last[generation] ?? 0, inFlight > 0 ? nowMs : atMs)
    }
    return last
  }

  #use(version: LiveVersion, atMs: number): Use {
    let use = this.#latest
    if (use?.version !== version) {
      use = this.#uses.get(version.versionId) ?? { version, atMs, inFlight: 0 }
      use.version = version
      this.#uses.set(version.versionId, use)
      this.#latest = use
    }
    use.atMs = atMs
    return use
  }
}
