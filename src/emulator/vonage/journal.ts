import type { Placement } from './call.ts'

/** Newest calls that are remembered. */
const ENTRIES_MAX = 2_000
/** Newest acts on secrets, kept apart: traffic must not push the history of a rotation out. */
const ACTS_MAX = 20_000

/** One call as it was seen. Never a value, a query or a body. */
export interface JournalEntry {
  readonly atMs: number
  readonly method: string
  readonly path: string
  /** Such as `sms.send`; null where nothing answers at that path. */
  readonly operation: string | null
  /** The key that the credentials name, if any. */
  readonly account: string | null
  /** Known by its value, even when it is refused. */
  readonly secretId: string | null
  readonly placement: Placement | null
  readonly refused: boolean
  /** Status of the answer; 0 where none was sent. */
  readonly status: number
  readonly fault: string | null
}

/** A secret that came or went, and by whose hand. */
export interface SecretAct {
  readonly atMs: number
  readonly account: string
  readonly secretId: string
  readonly act: 'created' | 'revoked'
  /** `api`: a client of the account API; `control`: behind the client's back. */
  readonly by: 'api' | 'control'
}

/** Counts and remembers what happened. Counting costs one map entry per call. */
export class Journal {
  #entries: JournalEntry[] = []
  #acts: SecretAct[] = []
  #requests = 0
  #processedTotal = 0
  readonly #authFailures = new Map<string, number>()
  readonly #processed = new Map<string, number>()
  readonly #canaries = new Set<string>()
  #canaryHits = 0

  record(entry: JournalEntry): void {
    this.#requests += 1
    this.#entries.push(entry)
    // Cut in halves, so that a busy emulator does not move the array on each call.
    if (this.#entries.length > 2 * ENTRIES_MAX) this.#entries = this.#entries.slice(-ENTRIES_MAX)
  }

  act(act: SecretAct): void {
    this.#acts.push(act)
    if (this.#acts.length > 2 * ACTS_MAX) this.#acts = this.#acts.slice(-ACTS_MAX)
  }

  /** Bad credentials, reported in the way of their family. */
  authFailure(family: string): void {
    this.#authFailures.set(family, (this.#authFailures.get(family) ?? 0) + 1)
  }

  /** A call whose credentials were good, whether or not its answer will arrive. How many there were so far. */
  processed(operation: string): number {
    this.#processed.set(operation, (this.#processed.get(operation) ?? 0) + 1)
    return ++this.#processedTotal
  }

  /** A text that must never arrive, such as a placeholder or another account's secret. */
  watchFor(text: string): void {
    this.#canaries.add(text)
  }

  get watches(): boolean {
    return this.#canaries.size > 0
  }

  /** Counts a request whose target, headers or body hold a watched text. */
  inspect(texts: () => readonly string[]): void {
    const hit = texts().some((text) => [...this.#canaries].some((each) => text.includes(each)))
    if (hit) this.#canaryHits += 1
  }

  get counters() {
    return {
      requests: this.#requests,
      authFailures: Object.fromEntries(this.#authFailures),
      processed: Object.fromEntries(this.#processed),
      canaryHits: this.#canaryHits,
    }
  }

  /** The newest calls, the newest last. */
  entries(max = ENTRIES_MAX): readonly JournalEntry[] {
    return this.#entries.slice(-Math.min(max, ENTRIES_MAX))
  }

  get acts(): readonly SecretAct[] {
    return this.#acts.slice(-ACTS_MAX)
  }
}
