import type { Socket } from 'node:net'

/**
 * For how long a connection has been silent. The timer of its socket begins anew with every byte, while what it waits for
 * changes: so it runs for the shortest time that any of it may take, and then for what is left.
 */
export class Silence {
  readonly #socket: Socket
  #shortestMs: number
  #tickMs: number
  #silentMs = 0

  /** @param shortestMs the least of the limits that `isOver` will be asked for */
  constructor(socket: Socket, shortestMs: number) {
    this.#socket = socket
    this.#shortestMs = shortestMs
    this.#tickMs = shortestMs
  }

  /** Begins to wait, or goes on after the timer was used for something else. */
  watch(): void {
    this.#socket.setTimeout(this.#tickMs)
  }

  /** There is another least limit, from now on. */
  watchFor(shortestMs: number): void {
    this.#shortestMs = shortestMs
    this.#tickMs = shortestMs
    this.watch()
  }

  /** Something has come, or gone out: what was silence until now does not count. The socket has begun its timer anew. */
  broken(): void {
    this.#silentMs = 0
  }

  /** The same where nothing has moved: something else is waited for from now on. */
  begin(): void {
    this.broken()
    this.watch()
  }

  /** Once the timer has run out: whether that was all of the time; if not, it runs again. */
  isOver(limitMs: number): boolean {
    this.#silentMs += this.#tickMs
    if (this.#silentMs >= limitMs) return true
    this.#tickMs = Math.min(this.#shortestMs, limitMs - this.#silentMs)
    this.watch()
    return false
  }
}
