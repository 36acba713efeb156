import { Vonage } from '@vonage/server-sdk'
import { SystemClock } from '../../platform/system-clock.ts'

/** What the demo tells its app: where to send, as whom, how much. The secret is a placeholder. */
export interface AppOrder {
  readonly apiHost: string
  readonly restHost: string
  readonly apiKey: string
  readonly apiSecret: string
  readonly requestsPerSecond: number
  readonly seconds: number
}

/** What the app reports twice a second, and once more with `done`. Latencies are those since the last report. */
export interface AppReport {
  readonly sent: number
  readonly finished: number
  readonly failed: number
  /** The first few failures, as the SDK words them. */
  readonly failures: readonly string[]
  readonly latenciesMs: readonly number[]
  readonly done: boolean
}

const clock = new SystemClock()
const REPORT_MS = 500
const FAILURES_KEPT = 5

/** An ordinary app: the official SDK, unmodified, with a placeholder for a secret, at a steady rate (open loop). */
class App {
  readonly #order: AppOrder
  readonly #calls: readonly (() => Promise<void>)[]
  readonly #failures: string[] = []
  #latenciesMs: number[] = []
  #sent = 0
  #finished = 0
  #failed = 0

  constructor(order: AppOrder) {
    this.#order = order
    this.#calls = sdkCalls(order)
  }

  async run(report: (report: AppReport) => void): Promise<void> {
    const { requestsPerSecond, seconds } = this.#order
    const total = requestsPerSecond * seconds
    const startMs = clock.monotonic()
    const open = new Set<Promise<void>>()
    let reportedMs = startMs
    while (this.#sent < total) {
      const elapsedMs = clock.monotonic() - startMs
      const due = Math.min(total, Math.ceil((elapsedMs / 1000) * requestsPerSecond))
      while (this.#sent < due) {
        const call = this.#call(this.#sent++).finally(() => open.delete(call))
        open.add(call)
      }
      if (clock.monotonic() - reportedMs >= REPORT_MS) {
        reportedMs = clock.monotonic()
        report(this.#report(false))
      }
      await clock.sleep(2)
    }
    await Promise.all(open)
    report(this.#report(true))
  }

  async #call(index: number): Promise<void> {
    const startMs = clock.monotonic()
    try {
      await this.#calls[index % this.#calls.length]?.()
    } catch (error) {
      this.#failed++
      if (this.#failures.length < FAILURES_KEPT) this.#failures.push(String(error))
    }
    this.#finished++
    this.#latenciesMs.push(clock.monotonic() - startMs)
  }

  #report(done: boolean): AppReport {
    const latenciesMs = this.#latenciesMs
    this.#latenciesMs = []
    return {
      sent: this.#sent,
      finished: this.#finished,
      failed: this.#failed,
      failures: this.#failures,
      latenciesMs,
      done,
    }
  }
}

/** One call of each kind; each throws when the service did not do what was asked, also behind an HTTP 200. */
function sdkCalls(order: AppOrder): readonly (() => Promise<void>)[] {
  const { apiKey, apiSecret, apiHost, restHost } = order
  const vonage = new Vonage({ apiKey, apiSecret }, { apiHost, restHost })
  const to = '447700900000'
  const from = 'Sidekey'
  return [
    async () => {
      await vonage.sms.send({ to, from, text: 'hello' })
    },
    async () => {
      const answer = await vonage.verify.start({ number: to, brand: from })
      if (answer.status !== '0') throw new Error(`verify answered status ${answer.status}`)
    },
    async () => {
      const message = { messageType: 'text', channel: 'sms', to, from, text: 'hello' } as const
      const answer = await vonage.messages.send(message)
      if (!answer.messageUUID) throw new Error('messages answered without a message id')
    },
    async () => {
      const answer = await vonage.accounts.getBalance()
      if (typeof answer.value !== 'number') throw new Error('balance answered without a value')
    },
  ]
}

process.once('message', (order: AppOrder) => {
  const report = (message: AppReport) => process.send?.(message)
  new App(order).run(report).then(
    () => process.disconnect(),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    },
  )
})
process.once('disconnect', () => process.exit(0))
