import type { SimProcess } from './sim-process.ts'
import type { Fault, ProviderFate } from './faults.ts'
import type { Fate } from './network.ts'

type Timed<K extends Fault['kind']> = {
  readonly fault: Extract<Fault, { kind: K }>
  left: number
}

/** What an operator does while a call is on its way. */
interface Meanwhile {
  /** Gives up the candidate that the call creates. */
  readonly abortIn: (delayMs: number) => void
  /** Says that the secret that authenticates the call has leaked; null: the account is no secondary. */
  readonly leakIn: ((delayMs: number) => void) | null
}

/** Which faults are in force now. Asked at every call and at every crash point. */
export class FaultBoard {
  readonly #provider: Timed<'provider'>[] = []
  readonly #lateAndAbort: Extract<Fault, { kind: 'late-and-abort' }>[] = []
  readonly #hangAndLeak: Extract<Fault, { kind: 'hang-and-leak' }>[] = []
  readonly #writes: Timed<'store-write'>[] = []
  readonly #points: Timed<'crash' | 'freeze'>[] = []
  readonly #cutUntilMs = new Map<number, number>()
  #storeDownUntilMs = 0

  /** Puts a fault in force, if it is one that waits for calls. */
  put(fault: Fault, nowMs: number): void {
    if (fault.kind === 'provider') this.#provider.push({ fault, left: fault.times })
    if (fault.kind === 'late-and-abort') this.#lateAndAbort.push(fault)
    if (fault.kind === 'hang-and-leak') this.#hangAndLeak.push(fault)
    if (fault.kind === 'store-write') this.#writes.push({ fault, left: fault.times })
    if (fault.kind === 'crash' || fault.kind === 'freeze') {
      this.#points.push({ fault, left: fault.skip })
    }
    if (fault.kind === 'store-down') this.#storeDownUntilMs = nowMs + fault.forMs
    if (fault.kind === 'partition') this.#cutUntilMs.set(fault.replica, nowMs + fault.forMs)
  }

  /** All faults end. */
  clear(): void {
    for (const list of [this.#provider, this.#writes, this.#points]) list.length = 0
    for (const list of [this.#lateAndAbort, this.#hangAndLeak]) list.length = 0
    this.#cutUntilMs.clear()
    this.#storeDownUntilMs = 0
  }

  providerFate(
    operation: string,
    nowMs: number,
    { abortIn, leakIn }: Meanwhile,
  ): ProviderFate | 'deliver' {
    const abort = operation === 'create' ? this.#lateAndAbort.shift() : undefined
    if (abort !== undefined) {
      abortIn(abort.delayMs)
      return 'late'
    }
    const leak = leakIn !== null && operation !== 'verify' ? this.#hangAndLeak.shift() : undefined
    if (leak !== undefined) {
      leakIn?.(leak.delayMs)
      return 'lose-answer'
    }
    const hit = this.#provider.find(
      ({ fault, left }) =>
        left > 0 &&
        nowMs < fault.atMs + fault.forMs &&
        (fault.operation === 'any' || fault.operation === operation),
    )
    if (hit === undefined) return 'deliver'
    hit.left--
    return hit.fault.fate
  }

  writeFate(): Fate {
    const hit = this.#writes.find(({ left }) => left > 0)
    if (hit === undefined) return 'deliver'
    hit.left--
    return hit.fault.fate
  }

  reachable(process: SimProcess, nowMs: number): boolean {
    return nowMs >= this.#storeDownUntilMs && nowMs >= (this.#cutUntilMs.get(process.replica) ?? 0)
  }

  /** What happens at a crash point; each such fault strikes once. */
  atCrashPoint(): Extract<Fault, { kind: 'crash' | 'freeze' }> | null {
    for (const [index, waiting] of this.#points.entries()) {
      if (waiting.left-- > 0) continue
      this.#points.splice(index, 1)
      return waiting.fault
    }
    return null
  }
}
