import type { WorkerEvents, WorkerProcess } from '../../../src/wiring/cluster/fork-worker.ts'
import type { ToSupervisor, ToWorker, WorkerState } from '../../../src/wiring/cluster/messages.ts'
import { WorkerGroup } from '../../../src/wiring/cluster/worker-group.ts'
import type { MetricPiece } from '../../../src/telemetry/metric-piece.ts'
import type { ConfigIssue } from '../../../src/kernel/errors.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { RecordingLog } from '../../fakes/log.ts'

const REFUSAL: ConfigIssue = { path: 'routes', line: null, message: 'no', remedy: 'none' }

/** A worker without a process: it does at once what it is told, unless it is told to misbehave. */
export class FakeWorker implements WorkerProcess {
  readonly number: number
  readonly told: ToWorker[] = []
  /** The messages that it does not answer. */
  hangs: readonly ToWorker['kind'][] = []
  /** The changes that it refuses. */
  refuses: (message: ToWorker) => boolean = () => false
  report: WorkerState & { readonly metrics: readonly MetricPiece[] } = {
    metrics: [],
    readiness: { ready: true, reasons: [] },
    uses: [],
  }
  text = ''
  isAlive = true
  readonly #events: WorkerEvents

  constructor(number: number, events: WorkerEvents) {
    this.number = number
    this.#events = events
  }

  tell(message: ToWorker): void {
    this.told.push(message)
    if (this.isAlive && !this.hangs.includes(message.kind))
      queueMicrotask(() => this.#obey(message))
  }

  kill(): void {
    if (!this.isAlive) return
    this.isAlive = false
    queueMicrotask(() => this.#events.ended())
  }

  /** Unasked. */
  say(message: ToSupervisor): void {
    this.#events.heard(message)
  }

  #obey(message: ToWorker): void {
    if (!this.isAlive) return
    const heard = (said: ToSupervisor) => this.#events.heard(said)
    if (message.kind === 'stop') this.kill()
    else if (message.kind === 'report') {
      const { metrics, ...state } = this.report
      for (const piece of metrics) heard({ kind: 'metrics', piece })
      heard({ kind: 'report', ...state })
    } else if (message.kind === 'start') {
      this.text = message.text
      heard({ kind: 'ready', address: '127.0.0.1:8080' })
    } else {
      const isRefused = this.refuses(message)
      if (message.kind === 'commit' && !isRefused) this.text = message.text
      heard({ kind: 'done', issues: isRefused ? [REFUSAL] : [] })
    }
  }
}

/** A group of such workers; `born` sees each before its first message. */
export function groupOf(size: number, born: (worker: FakeWorker) => void = () => {}) {
  const clock = new FakeClock()
  const log = new RecordingLog()
  const all: FakeWorker[] = []
  const group = new WorkerGroup({
    clock,
    log,
    size,
    fingerprintKey: 'aa',
    fork: (number, events) => {
      const worker = new FakeWorker(number, events)
      all.push(worker)
      born(worker)
      return worker
    },
  })
  const alive = () => all.filter(({ isAlive }) => isAlive)
  return { group, clock, log, all, alive }
}
