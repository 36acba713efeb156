import type { LiveVersion } from '../kernel/credential.ts'
import { NumberRow, NumberRows, type RowPlace } from '../kernel/number-rows.ts'
import type { UsesByVersion } from '../kernel/ports/usage.ts'

// The row of a version.
/** Of its last use, wall clock; 0: there was none. */
const AT = 0
/** Requests that were sent with the version, and that the upstream has not answered yet. */
const IN_FLIGHT = 1
const rows = new NumberRows(2)

/** Notes the uses of one version. All that have the same place note, and read, the same. */
export class VersionUse extends NumberRow {
  /** A request is sent with this version; call `answered` once, whatever becomes of it. */
  began(atMs: number): void {
    this.set(AT, atMs)
    this.add(IN_FLIGHT, 1)
  }

  /** The upstream has said what it thinks of the version, or never will. */
  answered(atMs: number): void {
    this.set(AT, atMs)
    this.add(IN_FLIGHT, -1)
  }

  /** A request with this version has ended. */
  used(atMs: number): void {
    this.set(AT, atMs)
  }

  /** As if it had never been used. */
  forget(): void {
    this.set(AT, 0)
  }

  /** Wall clock; null: it was never used. */
  get lastAtMs(): number | null {
    return this.get(AT) || null
  }

  /** Whether requests with this version wait for their answers. */
  get isInFlight(): boolean {
    return this.get(IN_FLIGHT) > 0
  }
}

/** Not the version itself: its secret is nobody's business any more when it is gone. */
interface Known {
  /** As it was read last. */
  readonly generation: number
  /** Whoever notes uses of the version holds it; when nobody does, none is noted any more. */
  readonly place: WeakRef<RowPlace>
  /** At the same place, by another object. */
  readonly use: VersionUse
}

/**
 * When this process used each version of a credential last. An upload may last longer than any drain: until the
 * upstream has answered it, its version is in use now.
 */
export class VersionUses implements UsesByVersion {
  /** By version id: those that are live, and those that a request may still begin or end with. */
  readonly #known = new Map<string, Known>()

  /** Where the uses of a version are noted; under the same id, the same numbers. */
  placeOf({ versionId, generation }: LiveVersion): RowPlace {
    const known = this.#known.get(versionId)
    const use = known?.use ?? new VersionUse(rows.next())
    const place = known?.place.deref() ?? { ...use.place }
    this.#known.set(versionId, { generation, place: new WeakRef(place), use })
    return place
  }

  lastUsedAtMs(versionId: string): number | null {
    return this.#known.get(versionId)?.use.lastAtMs ?? null
  }

  /** Whether requests with this version wait for their answers. */
  isInFlight({ versionId }: LiveVersion): boolean {
    return this.#known.get(versionId)?.use.isInFlight ?? false
  }

  /** Forgets the uses of versions that are neither live nor in flight; a request may use one of them again. */
  retain(live: readonly LiveVersion[]): void {
    for (const version of live) this.placeOf(version)
    const ids = new Set(live.map(({ versionId }) => versionId))
    for (const [id, { place, use }] of this.#known) {
      if (use.isInFlight || ids.has(id)) continue
      use.forget()
      if (place.deref() === undefined) this.#known.delete(id)
    }
  }

  /** By generation, as a replica tells it to the others. */
  lastUse(nowMs: number): Readonly<Record<number, number>> {
    const last: Record<number, number> = {}
    for (const { generation, use } of this.#known.values()) {
      const atMs = use.isInFlight ? nowMs : use.lastAtMs
      if (atMs === null) continue
      // A source may give a number again to another version: the later use counts.
      last[generation] = Math.max(last[generation] ?? 0, atMs)
    }
    return last
  }
}
