import type { Dispatcher } from 'undici'
import type { Replica } from './replica.ts'

export const ACCOUNT = 'a1b2c3d4'
/** What the app holds instead of a secret; it must never arrive at the provider. */
export const PLACEHOLDER = 'Placeholder-of-the-app-1'

const TICK_MS = 5
/** Sent in one tick at most, after the test's own process was held up. */
const BURST_MAX = 10
/** Requests without an answer at most: a paused Sidekey is not piled up on without end. */
const OUTSTANDING_MAX = 256
const FAILURES_KEPT = 20

interface Kind {
  readonly name: string
  readonly options: Dispatcher.RequestOptions
  isGood(status: number, body: string): boolean
}

const BASIC = `Basic ${Buffer.from(`${ACCOUNT}:${PLACEHOLDER}`).toString('base64')}`

/** One call for each of the provider's two hosts, and one without a body. */
const KINDS: readonly Kind[] = [
  {
    name: 'sms',
    options: {
      method: 'POST',
      path: '/vonage/rest/sms/json',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `api_key=${ACCOUNT}&api_secret=${PLACEHOLDER}&from=Crash&to=447700900001&text=hello`,
    },
    // A bad secret is reported with status 200.
    isGood: (status, body) => status === 200 && body.includes('"status":"0"'),
  },
  {
    name: 'messages',
    options: {
      method: 'POST',
      path: '/vonage/api/v1/messages',
      headers: { 'content-type': 'application/json', authorization: BASIC },
      body: '{"message_type":"text","channel":"sms","from":"Crash","to":"447700900001","text":"hello"}',
    },
    isGood: (status) => status === 202,
  },
  {
    name: 'numbers',
    options: { method: 'GET', path: '/vonage/rest/account/numbers' },
    isGood: (status) => status === 200,
  },
]

/** A request that a ready Sidekey did not answer well. */
export interface FailedRequest {
  readonly atMs: number
  readonly endMs: number
  readonly what: string
}

/**
 * The app: an open loop of requests to whatever Sidekey is ready. A request that was on the wire when its Sidekey was killed tells
 * nothing and is counted apart; every other one has to succeed.
 */
export class App {
  sent = 0
  failed = 0
  onTheWire = 0
  /** Not sent, since no Sidekey was ready or too many answers were missing. */
  heldBack = 0
  readonly failures: FailedRequest[] = []
  readonly #targets: () => readonly Replica[]
  readonly #outstanding = new Set<Promise<void>>()
  readonly #timer: NodeJS.Timeout
  #issued = 0

  constructor(perSecond: number, targets: () => readonly Replica[]) {
    this.#targets = targets
    const startedAtMs = performance.now()
    let due = 0
    this.#timer = setInterval(() => {
      const owed = Math.floor(((performance.now() - startedAtMs) * perSecond) / 1000) - due
      due += owed
      for (let n = 0; n < Math.min(owed, BURST_MAX); n++) this.#issue()
    }, TICK_MS)
  }

  /** No more requests; waits for those in flight. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.settle()
  }

  async settle(): Promise<void> {
    await Promise.all(this.#outstanding)
  }

  #issue(): void {
    const ready = this.#targets().filter((replica) => replica.ready)
    const target = ready[this.#issued % ready.length]
    const kind = KINDS[this.#issued++ % KINDS.length]
    if (target === undefined || kind === undefined || this.#outstanding.size >= OUTSTANDING_MAX) {
      this.heldBack++
      return
    }
    this.sent++
    const request = this.#send(target, kind).finally(() => this.#outstanding.delete(request))
    this.#outstanding.add(request)
  }

  async #send(target: Replica, kind: Kind): Promise<void> {
    const atMs = Date.now()
    try {
      const answer = await target.pool.request(kind.options)
      const body = await answer.body.text()
      if (kind.isGood(answer.statusCode, body)) return
      const code = String(answer.headers['sidekey-error'] ?? body.slice(0, 120))
      this.#fail({ atMs, endMs: Date.now(), what: `${kind.name}: ${answer.statusCode} ${code}` })
    } catch (error) {
      const endMs = Date.now()
      if (await target.wasKilled()) this.onTheWire++
      else this.#fail({ atMs, endMs, what: `${kind.name}: ${String(error)}` })
    }
  }

  #fail(failure: FailedRequest): void {
    this.failed++
    this.failures.push(failure)
    if (this.failures.length > FAILURES_KEPT) this.failures.shift()
  }
}
