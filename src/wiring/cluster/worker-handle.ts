import type { Worker } from 'node:cluster'
import type { Readiness } from '../../admin/admin-deps.ts'
import type { ConfigIssue } from '../../kernel/errors.ts'
import type { Clock } from '../../kernel/ports/clock.ts'
import type { MetricsReport } from '../../telemetry/worker-metrics.ts'
import type { ToSupervisor, ToWorker } from './messages.ts'

/** A worker that does not tell its numbers within this time is shown with the last that it told. Milliseconds. */
const REPORT_MAX_MS = 1_000
const STARTING: Readiness = { ready: false, reasons: ['starting'] }

/** One worker process, as the supervisor sees it. */
export class WorkerHandle {
  readonly number: number
  readonly startedAtMs: number
  /** Resolves with where it listens, or with null when it ended before. */
  readonly ready: Promise<string | null>
  readonly exited: Promise<void>
  /** The configuration that it runs under. */
  text: string
  isReady = false
  isGone = false
  metrics: MetricsReport = []
  readiness: Readiness = STARTING
  readonly #worker: Worker
  readonly #clock: Clock
  #answer: (issues: readonly ConfigIssue[]) => void = () => {}
  #reported: () => void = () => {}

  constructor(
    worker: Worker,
    setting: { readonly number: number; readonly text: string; readonly clock: Clock },
    look: (credentialId: string) => void,
  ) {
    this.#worker = worker
    this.#clock = setting.clock
    this.number = setting.number
    this.text = setting.text
    this.startedAtMs = setting.clock.monotonic()
    const ready = Promise.withResolvers<string | null>()
    this.ready = ready.promise
    this.exited = new Promise((done) => {
      worker.once('exit', () => {
        this.isGone = true
        this.isReady = false
        // It will be started again under the configuration in force, so it is in nobody's way.
        this.#answer([])
        this.#reported()
        ready.resolve(null)
        done()
      })
    })
    // A write into a channel whose worker was killed; its exit is what counts.
    worker.on('error', () => {})
    worker.on('message', (message: ToSupervisor) => {
      if (message.kind === 'ready') {
        this.isReady = true
        ready.resolve(message.address)
      } else if (message.kind === 'done') this.#answer(message.issues)
      else if (message.kind === 'look') look(message.credentialId)
      else if (message.kind === 'report') {
        this.metrics = message.metrics
        this.readiness = message.readiness
        this.#reported()
      }
    })
    this.#send({ kind: 'start', text: setting.text })
  }

  /** Asks for, or makes, a change; resolves with what speaks against it. */
  change(kind: 'prepare' | 'commit', text: string): Promise<readonly ConfigIssue[]> {
    if (this.isGone) return Promise.resolve([])
    return new Promise((answer) => {
      this.#answer = (issues) => {
        if (kind === 'commit' && issues.length === 0) this.text = text
        answer(issues)
      }
      this.#send({ kind, text })
    })
  }

  /** Asks for its numbers, and gives up early rather than hold up who asks. */
  async refresh(): Promise<void> {
    if (this.isGone) return
    await new Promise<void>((done) => {
      const stopTimer = this.#clock.after(REPORT_MAX_MS, done)
      this.#reported = () => {
        stopTimer()
        done()
      }
      this.#send({ kind: 'report' })
    })
  }

  /** Lets it finish what it has, and cuts it off after `maxMs`. */
  async stop(maxMs: number): Promise<void> {
    this.#send({ kind: 'stop' })
    const stopTimer = this.#clock.after(maxMs, () => this.kill())
    await this.exited
    stopTimer()
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL')
  }

  #send(message: ToWorker): void {
    if (this.#worker.isConnected()) this.#worker.send(message)
  }
}
