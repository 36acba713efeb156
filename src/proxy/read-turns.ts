/** Less than that in one read tells that there is nothing more to read now. */
const LARGE_READ_BYTES = 16 * 1024
const SHARE_BYTES = 256 * 1024
/** With so many that wait for their turn, turns are shorter still, though each costs some microseconds. */
const CROWD = 40
const CROWDED_SHARE_BYTES = 96 * 1024

/**
 * Lets the connections of large answers read in turn, so that a turn of the event loop stays short however many there
 * are. libuv reads up to 32 times from a connection on which there is always more, and takes one new client per turn: with
 * hundreds of large answers under way, others would wait for seconds until they are let in.
 */
export class ReadTurns {
  readonly #waiting: (() => void)[] = []

  #isSet = false

  /** Calls back when it is this one's turn: one in each turn of the event loop. */
  wait(goOn: () => void): void {
    this.#waiting.push(goOn)
    this.#set()
  }

  /** What one may read before the others, in bytes. */
  get shareBytes(): number {
    return this.#waiting.length < CROWD ? SHARE_BYTES : CROWDED_SHARE_BYTES
  }

  #set(): void {
    if (this.#isSet || this.#waiting.length === 0) return
    this.#isSet = true
    setImmediate(this.#next)
  }

  readonly #next = (): void => {
    this.#isSet = false
    this.#waiting.shift()?.()
    this.#set()
  }
}

/** What one connection has read of its share. */
export class ReadShare {
  readonly #turns: ReadTurns
  readonly #goOn: () => void
  #taken = 0

  /** @param goOn called when reading may go on */
  constructor(turns: ReadTurns, goOn: () => void) {
    this.#turns = turns
    this.#goOn = goOn
  }

  /** To be told of each read. False: the share is taken, and reading is to stop until it may go on. */
  take(bytes: number): boolean {
    this.#taken = bytes < LARGE_READ_BYTES ? 0 : this.#taken + bytes
    if (this.#taken < this.#turns.shareBytes) return true
    this.#taken = 0
    this.#turns.wait(this.#goOn)
    return false
  }
}
