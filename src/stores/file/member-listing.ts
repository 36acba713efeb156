import type { Clock } from '../../kernel/ports/clock.ts'
import { memberPrefixOf } from './store-paths.ts'

/** After a listing that took so long nobody lists for this many times as long: listing takes a tenth of a core. */
const REST_RATIO = 10
/** Whoever asks one after the other, as the secondaries of one primary do, must not wait for longer than this each time, ms. */
const REST_MAX_MS = 200

type Names = ReadonlyMap<string, readonly string[]>

/**
 * The names of the members' files, by what those of one credential begin with. With thousands of credentials the directory
 * has so many names that one listing each would take all of a core: whoever asks while one is under way shares the next.
 */
export class MemberListing {
  readonly #list: () => Promise<readonly string[]>
  readonly #clock: Clock
  #last: Promise<unknown> = Promise.resolve()
  /** Not begun yet. */
  #next: Promise<Names> | null = null
  /** What those want who wait for it. */
  #asked = new Set<string>()
  #restUntilMs = Number.NEGATIVE_INFINITY

  /** @param list the names of the directory */
  constructor(list: () => Promise<readonly string[]>, clock: Clock) {
    this.#list = list
    this.#clock = clock
  }

  /** Those that were there at some moment after the call, in order. */
  async names(prefix: string): Promise<readonly string[]> {
    if (this.#next === null) {
      this.#next = this.#last.then(() => this.#listInTurn())
      this.#last = this.#next.catch(() => {})
    }
    this.#asked.add(prefix)
    return (await this.#next).get(prefix) ?? []
  }

  async #listInTurn(): Promise<Names> {
    const restMs = this.#restUntilMs - this.#clock.monotonic()
    if (restMs > 0) await this.#clock.sleep(restMs)
    // Whoever asks from here on may mean a file that this listing does not see any more.
    const asked = this.#asked
    this.#next = null
    this.#asked = new Set()
    const fromMs = this.#clock.monotonic()
    const found = await this.#list()
    const nowMs = this.#clock.monotonic()
    this.#restUntilMs = nowMs + Math.min((nowMs - fromMs) * REST_RATIO, REST_MAX_MS)
    return byPrefix(found, asked)
  }
}

/** Of tens of thousands of names only the few that were asked for are kept and put in order. */
function byPrefix(names: readonly string[], asked: ReadonlySet<string>): Names {
  const found = new Map([...asked].map((prefix): [string, string[]] => [prefix, []]))
  for (const name of names) {
    const prefix = memberPrefixOf(name)
    if (prefix !== null) found.get(prefix)?.push(name)
  }
  for (const listed of found.values()) listed.sort()
  return found
}
