import type { ConfigIssue } from '../../kernel/errors.ts'
import type { Clock, Stop } from '../../kernel/ports/clock.ts'
import type { Log } from '../../kernel/ports/log.ts'
import type { WorkerEvents, WorkerProcess } from './fork-worker.ts'
import { joinPieces, type MetricPiece } from '../../telemetry/metric-piece.ts'
import type { MetricsReport } from '../../telemetry/worker-metrics.ts'
import type { ToSupervisor, WorkerStart, WorkerState } from './messages.ts'

/** A worker that does not tell its numbers within this time is shown with the last that it told. Milliseconds. */
const REPORT_MAX_MS = 1_000
/** One that has not started by then never will: it would have said what keeps it. Milliseconds. */
const START_MAX_MS = 120_000
/** One that has not answered by then hangs. Long enough to read secrets from servers. Milliseconds. */
const CHANGE_MAX_MS = 20_000
const STARTING: WorkerReport = {
  metrics: [],
  readiness: { ready: false, reasons: ['starting'] },
  uses: [],
}

/** All that a worker told at once. */
interface WorkerReport extends WorkerState {
  readonly metrics: MetricsReport
}

export interface WorkerSetting extends WorkerStart {
  readonly number: number
  readonly clock: Clock
  readonly log: Log
  readonly fork: (number: number, events: WorkerEvents) => WorkerProcess
  readonly look: (credentialId: string) => void
}

/** One worker process, as the supervisor sees it. */
export class WorkerHandle {
  readonly number: number
  readonly startedAtMs: number
  /** Resolves with where it listens, or with null when it ended before. */
  readonly ready: Promise<string | null>
  readonly exited: Promise<void>
  /** The configuration that it runs under. */
  text: string
  /** Takes requests. */
  isReady = false
  /** What it told last. */
  last = STARTING
  readonly #setting: WorkerSetting
  readonly #process: WorkerProcess
  readonly #ready = Promise.withResolvers<string | null>()
  readonly #exited = Promise.withResolvers<void>()
  readonly #stopStartTimer: Stop
  #refreshing: Promise<void> | null = null
  /** Of the report that is on its way. */
  #pieces: MetricPiece[] = []
  #reported: () => void = () => {}
  #answer: (issues: readonly ConfigIssue[]) => void = () => {}
  #isGone = false

  constructor(setting: WorkerSetting) {
    const { number, text, fingerprintKey, clock } = setting
    this.#setting = setting
    this.number = number
    this.text = text
    this.startedAtMs = clock.monotonic()
    this.ready = this.#ready.promise
    this.exited = this.#exited.promise
    this.#stopStartTimer = clock.after(START_MAX_MS, () => this.#killHung('start'))
    this.#process = setting.fork(number, {
      heard: (message) => this.#heard(message),
      ended: () => this.#ended(),
    })
    this.#process.tell({ kind: 'start', text, fingerprintKey })
  }

  /**
   * Asks for, or makes, a change; resolves with what speaks against it. One that ends meanwhile, or hangs and is killed, is in
   * nobody's way: it starts again under the configuration in force.
   */
  async change(kind: 'prepare' | 'commit', text: string): Promise<readonly ConfigIssue[]> {
    if (this.#isGone) return []
    const { promise, resolve } = Promise.withResolvers<readonly ConfigIssue[]>()
    this.#answer = resolve
    const stopTimer = this.#setting.clock.after(CHANGE_MAX_MS, () => this.#killHung(kind))
    this.#process.tell({ kind, text })
    const issues = await promise
    stopTimer()
    if (kind === 'commit' && issues.length === 0 && !this.#isGone) this.text = text
    return issues
  }

  /** Asks for its numbers, once for all who ask meanwhile, and gives up early rather than hold them up. */
  refresh(): Promise<void> {
    if (this.#isGone) return Promise.resolve()
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = null))
    return this.#refreshing
  }

  /** Lets it finish what it has, and cuts it off after `maxMs`. */
  async stop(maxMs: number): Promise<void> {
    this.isReady = false
    this.#process.tell({ kind: 'stop' })
    const stopTimer = this.#setting.clock.after(maxMs, () => this.#process.kill())
    await this.exited
    stopTimer()
  }

  async #refresh(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#reported = resolve
    const stopTimer = this.#setting.clock.after(REPORT_MAX_MS, resolve)
    this.#process.tell({ kind: 'report' })
    await promise
    stopTimer()
  }

  #heard(message: ToSupervisor): void {
    if (message.kind === 'ready') {
      this.isReady = true
      this.#stopStartTimer()
      this.#ready.resolve(message.address)
    } else if (message.kind === 'done') this.#answer(message.issues)
    else if (message.kind === 'look') this.#setting.look(message.credentialId)
    else if (message.kind === 'metrics') this.#pieces.push(message.piece)
    else if (message.kind === 'readiness')
      this.last = { ...this.last, readiness: message.readiness }
    else {
      this.last = { ...message, metrics: joinPieces(this.#pieces) }
      this.#pieces = []
      this.#reported()
    }
  }

  #ended(): void {
    this.#isGone = true
    this.isReady = false
    this.#stopStartTimer()
    this.#answer([])
    this.#reported()
    this.#ready.resolve(null)
    this.#exited.resolve()
  }

  #killHung(during: 'start' | 'prepare' | 'commit'): void {
    this.#setting.log.error('worker hangs', { worker: this.number, during })
    this.#process.kill()
  }
}
