import { RefusedError } from '../kernel/errors.ts'
import { BODY_GRACE_MS, BODY_MIN_BYTES_PER_SECOND, BODY_SILENCE_MS } from '../kernel/limits.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { ClientRequest } from './client-message.ts'

/** A body came more slowly than any client that means well would send it. */
export class SlowBodyError extends RefusedError {
  constructor() {
    super('malformed-request', 'the request body came too slowly')
  }
}

const SWEEP_MS = 1_000

/** Looks after the bodies that are on their way, all of them once a second, so that a request costs no timer. */
export class BodyPaces {
  readonly #clock: Clock
  /**
   * No Set: one that changes with every request leaves its old tables behind, each of which holds on to the next and to
   * requests that are long over, until all of the heap is collected.
   */
  readonly #watched: BodyPace[] = []
  #sweeping = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Watches a body that is awaited from now on. Only what is awaited counts: not while its upstream holds it back.
   * @param announced whether its length is known; one without may be a live stream, which may pause
   */
  watch(request: ClientRequest, announced: boolean): BodyPace {
    const pace = new BodyPace(request, announced)
    pace.at = this.#watched.push(pace) - 1
    if (!this.#sweeping) this.#sweepLater()
    return pace
  }

  stop(pace: BodyPace): void {
    if (pace.at < 0) return
    const last = this.#watched.pop()
    if (last !== undefined && last !== pace) {
      this.#watched[pace.at] = last
      last.at = pace.at
    }
    pace.at = -1
  }

  #sweepLater(): void {
    this.#sweeping = true
    this.#clock.after(SWEEP_MS, () => {
      this.#sweeping = false
      for (const slow of this.#watched.filter((pace) => !pace.isKept(SWEEP_MS))) this.#cut(slow)
      if (this.#watched.length > 0) this.#sweepLater()
    })
  }

  #cut(pace: BodyPace): void {
    this.stop(pace)
    pace.whenSlow(new SlowBodyError())
  }
}

/** One body, and how much longer it may be waited for: bytes buy time. */
export class BodyPace {
  /** What is to be done when it is too slow; set by whoever waits for it. */
  whenSlow: (error: SlowBodyError) => void = nobody
  /** Its place among the watched; below 0: it is not watched. */
  at = -1
  readonly #request: ClientRequest
  readonly #announced: boolean
  #leftMs: number
  #bytes: number

  constructor(request: ClientRequest, announced: boolean) {
    this.#request = request
    this.#announced = announced
    this.#leftMs = this.#mostMs
    this.#bytes = request.socket.bytesRead
  }

  /** False: it has used up its time. */
  isKept(elapsedMs: number): boolean {
    const { bytesRead } = this.#request.socket
    if (this.#request.complete) return true
    const bytes = bytesRead - this.#bytes
    this.#bytes = bytesRead
    const isAwaited = !this.#request.isPaused()
    const boughtMs = this.#announced ? (bytes * 1_000) / BODY_MIN_BYTES_PER_SECOND : Infinity
    const leftMs = this.#leftMs - (isAwaited ? elapsedMs : 0) + (bytes === 0 ? 0 : boughtMs)
    this.#leftMs = Math.min(this.#mostMs, leftMs)
    return this.#leftMs > 0
  }

  get #mostMs(): number {
    return this.#announced ? BODY_GRACE_MS : BODY_SILENCE_MS
  }
}

/** Of a body that nobody waits for. */
export function nobody(): void {}
