import type { Readiness } from '../../admin/admin-deps.ts'
import { ConfigError, SidekeyError } from '../../kernel/errors.ts'
import { SHUTDOWN_DRAIN_MS } from '../../kernel/limits.ts'
import type { Stop } from '../../kernel/ports/clock.ts'
import {
  mergeReports,
  type MetricsReport,
  type NamedSeries,
  retained,
  totalsOf,
} from '../../telemetry/worker-metrics.ts'
import { inPieces, type MetricPiece } from '../../telemetry/metric-piece.ts'
import type { VersionUse } from '../use-ledger.ts'
import { WorkerHandle, type WorkerSetting } from './worker-handle.ts'

/** Between the end of a worker and the next try, in milliseconds; doubled up to the maximum while it ends early. */
const RESTART_MIN_MS = 100
const RESTART_MAX_MS = 10_000
/** A worker that has lived for longer was no failed start. Milliseconds. */
const SETTLED_MS = 10_000
/** Beyond the drain time, for a worker that does not end by itself. Milliseconds. */
const STOP_GRACE_MS = 5_000

export interface WorkerGroupDeps extends Pick<
  WorkerSetting,
  'clock' | 'log' | 'fork' | 'fingerprintKey'
> {
  /** How many; at least 2. */
  readonly size: number
}

/** A worker could not start, and said why in the log. */
class WorkerFailedError extends SidekeyError {
  readonly code = 'worker-failed'

  constructor() {
    super('a worker process could not start; the log says why')
  }
}

/** The worker processes of a supervisor: keeps them running, and moves them from one configuration to the next together. */
export class WorkerGroup {
  readonly #deps: WorkerGroupDeps
  readonly #workers = new Map<number, WorkerHandle>()
  readonly #delays = new Map<number, number>()
  readonly #waiting = new Set<Stop>()
  #look: (credentialId: string) => void = () => {}
  #text = ''
  #address = ''
  #stopping = false
  #running = false
  #restarts = 0
  /** What workers counted that are no more. */
  #past: MetricsReport = []

  constructor(deps: WorkerGroupDeps) {
    this.#deps = deps
  }

  /** Where the workers listen. */
  get address(): string {
    return this.#address
  }

  /**
   * Starts all, each of which reads its secrets before it listens.
   * @throws WorkerFailedError one ended instead; the others are stopped by `stop`
   */
  async start(text: string, look: (credentialId: string) => void): Promise<void> {
    this.#look = look
    this.#text = text
    const numbers = Array.from({ length: this.#deps.size }, (_, index) => index + 1)
    const addresses = await Promise.all(numbers.map((number) => this.#fork(number).ready))
    const [address = null] = addresses
    if (address === null || addresses.includes(null)) throw new WorkerFailedError()
    this.#running = true
    await this.#refresh()
  }

  /**
   * Moves all to another configuration, or none: all are asked first, and where one fails nevertheless all go back.
   * @throws ConfigError what speaks against it
   */
  async apply(text: string): Promise<void> {
    const workers = this.#serving
    const refused = await Promise.all(workers.map((worker) => worker.change('prepare', text)))
    const [against] = refused.filter((issues) => issues.length > 0)
    if (against !== undefined) throw new ConfigError(against)
    const failed = await Promise.all(workers.map((worker) => worker.change('commit', text)))
    const [fault] = failed.filter((issues) => issues.length > 0)
    if (fault === undefined) this.#text = text
    else await Promise.all(workers.map((worker) => worker.change('commit', this.#text)))
    this.#endThoseBehind()
    if (fault !== undefined) throw new ConfigError(fault)
  }

  /** Ready while somebody serves, and everybody who does has what requests need. */
  readiness(): Readiness {
    const serving = this.#serving
    const reasons = serving.flatMap(({ number, last }) =>
      last.readiness.reasons.map((reason) => `worker ${number}: ${reason}`),
    )
    if (serving.length === 0) return { ready: false, reasons: ['no worker runs'] }
    return { ready: serving.every(({ last }) => last.readiness.ready), reasons }
  }

  /** The metrics of all processes; `own` are the supervisor's. No total is ever lower than it was. */
  async metrics(own: MetricsReport): Promise<AsyncIterable<MetricPiece>> {
    await this.#refresh()
    const live = this.#all.map(({ last }) => last.metrics)
    return inPieces(this.#ownMetrics(), mergeReports([own, ...live, this.#past]))
  }

  #ownMetrics(): MetricsReport {
    const one = (name: string, type: string, help: string, value: number) => {
      return { name, type, help, values: [{ labels: {}, value }] }
    }
    const serving = this.#serving.length
    return [
      one('sidekey_workers', 'gauge', 'Worker processes that serve requests.', serving),
      one(
        'sidekey_worker_restarts_total',
        'counter',
        'Worker processes that ended unasked and were replaced.',
        this.#restarts,
      ),
    ]
  }

  /** When workers last used which version, asked for now. */
  async uses(): Promise<readonly VersionUse[]> {
    await this.#refresh()
    return this.#all.flatMap(({ last }) => last.uses)
  }

  /** Forgets the counts of what the configuration no longer names. */
  retain(named: NamedSeries): void {
    this.#past = retained(this.#past, named)
  }

  /** Lets all finish what they have. */
  async stop(drainMs: number): Promise<void> {
    this.#stopping = true
    for (const stopTimer of this.#waiting) stopTimer()
    await Promise.all(this.#all.map((worker) => worker.stop(drainMs + STOP_GRACE_MS)))
  }

  get #all(): readonly WorkerHandle[] {
    return [...this.#workers.values()]
  }

  get #serving(): readonly WorkerHandle[] {
    return this.#all.filter(({ isReady }) => isReady)
  }

  async #refresh(): Promise<void> {
    await Promise.all(this.#all.map((worker) => worker.refresh()))
  }

  #fork(number: number): WorkerHandle {
    const worker = new WorkerHandle({
      ...this.#deps,
      number,
      text: this.#text,
      look: (credentialId) => this.#look(credentialId),
    })
    this.#workers.set(number, worker)
    void worker.ready.then((address) => {
      if (address !== null) this.#address = address
      this.#endThoseBehind()
    })
    void worker.exited.then(() => this.#ended(worker))
    return worker
  }

  #ended(worker: WorkerHandle): void {
    this.#workers.delete(worker.number)
    this.#past = [...mergeReports([this.#past, totalsOf(worker.last.metrics)])]
    if (this.#stopping || !this.#running) return
    this.#restarts++
    this.#deps.log.warn('worker ended', { worker: worker.number, restarts: this.#restarts })
    this.#forkLater(worker)
  }

  #forkLater({ number, startedAtMs }: WorkerHandle): void {
    const { clock } = this.#deps
    const isSettled = clock.monotonic() - startedAtMs > SETTLED_MS
    const delayMs = isSettled ? RESTART_MIN_MS : (this.#delays.get(number) ?? RESTART_MIN_MS)
    this.#delays.set(number, Math.min(delayMs * 2, RESTART_MAX_MS))
    const stopTimer = clock.after(delayMs, () => {
      this.#waiting.delete(stopTimer)
      if (!this.#stopping) this.#fork(number)
    })
    this.#waiting.add(stopTimer)
  }

  /** A worker that started, or failed, while the others moved on begins anew. */
  #endThoseBehind(): void {
    if (this.#stopping) return
    const behind = this.#serving.filter(({ text }) => text !== this.#text)
    for (const worker of behind) void worker.stop(SHUTDOWN_DRAIN_MS + STOP_GRACE_MS)
  }
}
