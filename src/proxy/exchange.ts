import type { Clock } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { RequestOutcome, RouteMeter } from '../kernel/ports/telemetry.ts'
import type { ClientResponse } from './client-message.ts'
import type { Attempt } from './attempt.ts'
import { ClientGoneError } from './body-stream.ts'
import type { ReplayBudget } from './replay-budget.ts'
import { rescue, sendRefusal, upstreamFaultOf } from './rescue.ts'

export interface ExchangeDeps {
  readonly clock: Clock
  readonly log: Log
  readonly unrouted: RouteMeter
  readonly budget: ReplayBudget
}

/** One request of a client, from its head to its outcome. When the client goes away, so does what runs for it. */
export class Exchange {
  /** The route's, once there is one. */
  meter: RouteMeter
  readonly #deps: ExchangeDeps
  readonly #response: ClientResponse
  readonly #startedMs: number
  #attempt: Attempt | null = null
  #gone = false
  #cutBy: Error | null = null

  constructor(deps: ExchangeDeps, response: ClientResponse) {
    this.#deps = deps
    this.#response = response
    this.#startedMs = deps.clock.monotonic()
    this.meter = deps.unrouted
    deps.budget.earn()
    response.once('close', () => {
      if (response.writableFinished) return
      this.#gone = true
      this.#attempt?.abort(new ClientGoneError('the client closed before the answer'))
    })
  }

  /** From now on this is what is aborted when the client goes away. */
  track(attempt: Attempt): void {
    this.#attempt = attempt
    if (this.#cutBy !== null) attempt.abort(this.#cutBy)
    if (this.#gone) attempt.abort(new ClientGoneError('the client closed before the answer'))
  }

  /** Ends what is under way; where an answer has begun, it is cut. */
  cut(error: Error): void {
    this.#cutBy = error
    this.#attempt?.abort(error)
    if (this.#response.headersSent) this.#response.destroy()
  }

  finish(outcome: RequestOutcome): void {
    this.meter.finished(outcome, this.#deps.clock.monotonic() - this.#startedMs)
  }

  /** Answers with what `rescue.ts` makes of the error; nobody is answered who is gone. */
  fail(error: unknown): void {
    if (this.#gone || error instanceof ClientGoneError) return this.finish('client-aborted')
    const refused = rescue(error)
    const fields = { reason: refused.code, status: refused.status }
    if (refused.code !== 'internal') this.#deps.log.debug('request refused', fields)
    else this.#deps.log.error('request failed', { ...fields, error: nameOf(error) })
    sendRefusal(this.#response, refused)
    if (!refused.code.startsWith('upstream-')) return this.finish('refused')
    this.meter.upstreamFault(upstreamFaultOf(error))
    this.finish('upstream-error')
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}
