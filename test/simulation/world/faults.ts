import type { ProviderOperation } from '../../../src/kernel/ports/telemetry.ts'

/** What the provider or the way to it does to a call. `error` and `throttled` are answers; the rest is the network's. */
export type ProviderFate =
  'lose-request' | 'lose-answer' | 'late' | 'error' | 'error-after' | 'throttled'

/** What an operator does. `consent`: revokes the bootstrap secret by hand. */
export type OperatorAct = 'rotate' | 'emergency' | 'pause-resume' | 'abort' | 'retry' | 'consent'

/** Which account it strikes, by its position; absent: the primary, or the only one. */
interface Aimed {
  readonly account?: number
}

/** One entry of a schedule; `replica` is a position, `forMs` and `downMs` are milliseconds of virtual time. */
export type Fault =
  | {
      readonly kind: 'kill'
      readonly atMs: number
      readonly replica: number
      readonly downMs: number
    }
  /** Dies at a crash point, whoever passes it: the `skip`-th after `atMs`. */
  | {
      readonly kind: 'crash'
      readonly atMs: number
      readonly skip: number
      readonly downMs: number
    }
  /** Stands still at a crash point. */
  | {
      readonly kind: 'freeze'
      readonly atMs: number
      readonly skip: number
      readonly forMs: number
    }
  | {
      readonly kind: 'stop'
      readonly atMs: number
      readonly replica: number
      readonly downMs: number
    }
  | {
      readonly kind: 'pause'
      readonly atMs: number
      readonly replica: number
      readonly forMs: number
    }
  | {
      readonly kind: 'provider'
      readonly atMs: number
      readonly forMs: number
      readonly operation: ProviderOperation | 'any'
      readonly fate: ProviderFate
      readonly times: number
    }
  | {
      readonly kind: 'partition'
      readonly atMs: number
      readonly replica: number
      readonly forMs: number
    }
  | { readonly kind: 'store-down'; readonly atMs: number; readonly forMs: number }
  | {
      readonly kind: 'store-write'
      readonly atMs: number
      readonly fate: 'lose-answer' | 'lose-request' | 'late'
      readonly times: number
    }
  /** The next secret that we create is refused by the hidden service, until it is promoted. */
  | ({ readonly kind: 'half-refused'; readonly atMs: number } & Aimed)
  | ({ readonly kind: 'foreign-create'; readonly atMs: number } & Aimed)
  | ({ readonly kind: 'foreign-revoke'; readonly atMs: number; readonly pick: number } & Aimed)
  /** The next create is delivered late, and an operator gives its candidate up meanwhile. */
  | { readonly kind: 'late-and-abort'; readonly atMs: number; readonly delayMs: number }
  /**
   * The next management call for a secondary gets no answer, and meanwhile an operator says that the current secret of the
   * primary, which authenticated it, has leaked.
   */
  | { readonly kind: 'hang-and-leak'; readonly atMs: number; readonly delayMs: number }
  | ({ readonly kind: 'operator'; readonly atMs: number; readonly act: OperatorAct } & Aimed)
  | {
      readonly kind: 'skew'
      readonly atMs: number
      readonly replica: number
      readonly byMs: number
    }

/** One line of a printed schedule. */
export function describeFault(fault: Fault): string {
  const { kind, atMs, ...rest } = fault
  const words = Object.entries(rest).map(([name, value]) => `${name}=${value}`)
  return `${(atMs / 1000).toFixed(3)}s ${kind} ${words.join(' ')}`
}
