interface Use {
  atMs: number
  /** Requests that were sent with the version, and that the upstream has not answered yet. */
  inFlight: number
}

/**
 * When this process used each generation of a credential last. An upload may last longer than any drain: until the
 * upstream has answered it, its version is in use now.
 */
export class VersionUses {
  readonly #uses = new Map<number, Use>()

  /** A request is sent with this generation; call `ended` once, whatever becomes of it. */
  began(generation: number, atMs: number): void {
    this.#use(generation, atMs).inFlight++
  }

  ended(generation: number, atMs: number): void {
    this.#use(generation, atMs).inFlight--
  }

  used(generation: number, atMs: number): void {
    this.#use(generation, atMs)
  }

  /** Whether requests with this generation wait for their answers. */
  isInFlight(generation: number): boolean {
    return (this.#uses.get(generation)?.inFlight ?? 0) > 0
  }

  /** Forgets generations that are neither live nor in flight. */
  retain(live: ReadonlySet<number>): void {
    for (const [generation, { inFlight }] of this.#uses) {
      if (inFlight === 0 && !live.has(generation)) this.#uses.delete(generation)
    }
  }

  /** As a replica tells it to the others. */
  lastUse(nowMs: number): Readonly<Record<number, number>> {
    return Object.fromEntries(
      [...this.#uses].map(([generation, { atMs, inFlight }]) => [
        generation,
        inFlight > 0 ? nowMs : atMs,
      ]),
    )
  }

  #use(generation: number, atMs: number): Use {
    const known = this.#uses.get(generation)
    if (known === undefined) {
      const use = { atMs, inFlight: 0 }
      this.#uses.set(generation, use)
      return use
    }
    known.atMs = atMs
    return known
  }
}
