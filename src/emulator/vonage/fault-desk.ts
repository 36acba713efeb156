import { z } from 'zod'

/** A fault to come. `operation` is a name such as `secrets.create`, a family such as `secrets.*`, or `*`. */
export const faultOrderSchema = z.strictObject({
  operation: z.string().default('*'),
  /** Only calls that name this account in their credentials or path. */
  account: z.string().optional(),
  kind: z.enum([
    'lose-answer',
    'lose-request',
    'late-request',
    'throttle',
    'error',
    'hang',
    'delay',
    'answer',
  ]),
  /** How many calls it meets; default 1. */
  times: z.number().int().min(1).default(1),
  /** For `error` (default 503) and `answer` (default 200). */
  status: z.number().int().min(200).max(599).optional(),
  /** For `throttle`, default 15; for `error` sent when given. */
  retryAfterSeconds: z.number().int().min(0).optional(),
  /** For `delay` and `late-request`, in milliseconds; default 1000. */
  delayMs: z.number().min(0).default(1000),
  /** For `answer`. */
  contentType: z.string().default('application/json'),
  body: z.string().default(''),
})

/** What a caller orders. */
export type FaultOrder = z.input<typeof faultOrderSchema>
export type Fault = z.output<typeof faultOrderSchema>

interface Armed {
  readonly fault: Fault
  left: number
}

/** Faults that wait for their calls, in the order in which they were ordered. */
export class FaultDesk {
  #armed: readonly Armed[] = []

  /** @throws ZodError for an order that makes no sense */
  order(order: FaultOrder): void {
    const fault = faultOrderSchema.parse(order)
    this.#armed = [...this.#armed, { fault, left: fault.times }]
  }

  clear(): void {
    this.#armed = []
  }

  /** What is still to come. */
  get pending(): readonly { readonly fault: Fault; readonly left: number }[] {
    return this.#armed
  }

  /** The fault that this call meets; it is used up by one. */
  take(operation: string, accounts: () => readonly string[]): Fault | null {
    if (this.#armed.length === 0) return null
    const found = this.#armed.find(
      ({ fault }) =>
        covers(fault.operation, operation) &&
        (fault.account === undefined || accounts().includes(fault.account)),
    )
    if (found === undefined) return null
    found.left -= 1
    if (found.left === 0) this.#armed = this.#armed.filter((armed) => armed !== found)
    return found.fault
  }
}

function covers(pattern: string, operation: string): boolean {
  if (pattern === '*' || pattern === operation) return true
  return pattern.endsWith('.*') && operation.startsWith(pattern.slice(0, -1))
}
