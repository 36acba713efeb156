import type { SeededRandom } from '../../fakes/random.ts'
import type { SimProcess } from './sim-process.ts'
import type { VirtualTime } from './virtual-time.ts'

/** What becomes of one call: `late` arrives after the caller gave up; `pause` stops the caller before it is sent. */
export type Fate =
  'deliver' | 'lose-request' | 'lose-answer' | 'late' | 'crash-before' | 'crash-after' | 'pause'

/** The faults of a single-fault run: each is tried at every effect. */
export const SINGLE_FATES = [
  'crash-before',
  'crash-after',
  'lose-request',
  'lose-answer',
  'late',
  'pause',
] as const satisfies readonly Fate[]

export interface Call<T> {
  readonly process: SimProcess
  /** Such as `create` or `compare-and-swap`. */
  readonly name: string
  readonly fate: Fate
  /** After this the caller gives up, in milliseconds. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Happens at the far end when the request arrives. */
  readonly apply: () => T
  /** What the caller gets when no answer comes: a value, or an error that is thrown. */
  readonly noAnswer: () => T
}

/** A call that is singled out, by its index, and what becomes of it. */
export interface ArmedFault {
  readonly index: number
  readonly fate: Fate
}

export interface NetworkOptions {
  readonly latencyMaxMs: number
  /** How long the process of a `pause` fate stands still; above the lease, in milliseconds. */
  readonly pauseMs: number
  /** A late request arrives by this instant, in milliseconds of virtual time. */
  readonly lateUntilMs: number
  readonly restart: (process: SimProcess, why: string) => void
}

/** Carries every call of every process, counts them, and loses, delays or kills as its fate says. */
export class Network {
  readonly #time: VirtualTime
  readonly #random: SeededRandom
  readonly #options: NetworkOptions
  /** Calls so far; the index of a single fault. */
  calls = 0
  /** The calls that a run singles out. */
  armed: readonly ArmedFault[] = []
  /** Names of calls by index, when somebody wants to know. */
  names: string[] | null = null

  constructor(time: VirtualTime, random: SeededRandom, options: NetworkOptions) {
    this.#time = time
    this.#random = random
    this.#options = options
  }

  /** Sends a call. Never settles when the caller dies. */
  send<T>(call: Call<T>): Promise<T> {
    const { process } = call
    if (!process.alive) return new Promise(() => {})
    const index = this.calls++
    this.names?.push(call.name)
    const fate = this.armed.find((one) => one.index === index)?.fate ?? call.fate
    if (fate === 'crash-before') {
      this.#options.restart(process, `before ${call.name}`)
      return new Promise(() => {})
    }
    if (fate === 'pause') process.pause(this.#options.pauseMs)
    return new Promise((resolve, reject) => {
      const send = (): void => this.#transmit(call, fate, resolve, reject)
      if (process.pauseLeftMs > 0) process.after(process.pauseLeftMs, send)
      else send()
    })
  }

  #transmit<T>(
    call: Call<T>,
    fate: Fate,
    resolve: (value: T) => void,
    reject: (reason: unknown) => void,
  ): void {
    const { signal } = call
    let settled = false
    const settle = (value: () => T): void => {
      if (settled) return
      settled = true
      signal?.removeEventListener('abort', aborted)
      try {
        resolve(value())
      } catch (error) {
        reject(error)
      }
    }
    const aborted = (): void => settle(call.noAnswer)
    if (signal?.aborted) return settle(call.noAnswer)
    signal?.addEventListener('abort', aborted, { once: true })
    if (fate === 'lose-request') return this.#giveUp(call, settle)
    const delayMs = this.#latencyMs() + (fate === 'late' ? this.#latenessMs(call.timeoutMs) : 0)
    this.#time.after(delayMs, () => this.#arrive(call, fate, settle), false)
    if (fate === 'late' || fate === 'lose-answer') this.#giveUp(call, settle)
  }

  #arrive<T>(call: Call<T>, fate: Fate, settle: (value: () => T) => void): void {
    let outcome: () => T
    try {
      const value = call.apply()
      outcome = () => value
    } catch (error) {
      outcome = () => {
        throw error
      }
    }
    if (fate === 'crash-after') return this.#options.restart(call.process, `after ${call.name}`)
    if (fate === 'late' || fate === 'lose-answer') return
    call.process.after(this.#latencyMs(), () => settle(outcome))
  }

  /** Some losses show at once (a reset), others only by the clock. */
  #giveUp<T>(call: Call<T>, settle: (value: () => T) => void): void {
    const quick = this.#random.int(3) === 0
    const afterMs = quick ? 2 * this.#options.latencyMaxMs : call.timeoutMs
    call.process.after(afterMs, () => settle(call.noAnswer))
  }

  #latenessMs(timeoutMs: number): number {
    const leftMs = Math.max(0, this.#options.lateUntilMs - this.#time.nowMs)
    return Math.min(leftMs, timeoutMs + this.#random.int(60_000))
  }

  #latencyMs(): number {
    return 1 + this.#random.int(this.#options.latencyMaxMs)
  }
}
