import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../kernel/ports/clock.ts'
import { ConfigError, type ConfigIssue } from '../../kernel/errors.ts'
import type { Serving } from '../../cli/serve.ts'
import { Rounds } from '../../proxy/rounds.ts'
import { reasonOf } from '../reason-of.ts'
import type { ToSupervisor, ToWorker, WorkerStart, WorkerState } from './messages.ts'

/** So often a worker tells its numbers unasked: what a killed one had counted since is lost. Milliseconds. */
const REPORT_EVERY_MS = 1_000
/** Or less often, where it takes long: with thousands of routes a fiftieth of the time at most. */
const REST_RATIO = 49
/** But not less often than this: a process that stood still while it told them has not had work for so long. Milliseconds. */
const REST_MAX_MS = 30_000

/** The channel to the supervisor; `process` is one. */
export interface Channel {
  send?(message: ToSupervisor, done?: (error: Error | null) => void): unknown
  on(event: 'message', told: (message: ToWorker) => void): unknown
  disconnect?(): void
}

export interface RunWorkerDeps {
  readonly clock: Clock
  readonly channel: Channel
  /** Builds what serves. */
  readonly serve: (start: WorkerStart, look: (credentialId: string) => void) => Promise<Serving>
  readonly started: (serving: Serving) => void
  /** Resolves when the process was asked to end by a signal. */
  readonly stopping: PromiseWithResolvers<void>
}

/** One worker, from the supervisor's first word to its last. */
export async function runWorker(deps: RunWorkerDeps): Promise<void> {
  const { channel, clock, stopping } = deps
  let told: WorkerState['readiness'] | null = null
  const tell = (message: ToSupervisor): Promise<void> => {
    if ('readiness' in message) told = message.readiness
    return new Promise((done) => {
      if (channel.send === undefined) done()
      else channel.send(message, () => done())
    })
  }
  const first = Promise.withResolvers<WorkerStart>()
  let serving: Serving | null = null
  // One after the other: an older count that arrives after a newer one would let a total fall.
  let reporting = Promise.resolve()
  let isWaiting = false
  const report = (): Promise<void> => {
    // Whoever asks gets one that is begun after that, and shares it with all who ask until then.
    if (isWaiting) return reporting
    isWaiting = true
    reporting = reporting.then(() => {
      isWaiting = false
      return serving === null ? undefined : tellReport(serving, tell)
    })
    return reporting
  }
  channel.on('message', (message) => {
    if (message.kind === 'start') first.resolve(message)
    else if (message.kind === 'stop') stopping.resolve()
    else if (message.kind === 'report') void report()
    else if ((message.kind === 'prepare' || message.kind === 'commit') && serving !== null) {
      const { kind, text } = message
      void issuesOf(serving.change(kind, text)).then((issues) => tell({ kind: 'done', issues }))
    }
  })
  serving = await deps.serve(await first.promise, (credentialId) => {
    void tell({ kind: 'look', credentialId })
  })
  deps.started(serving)
  await report()
  await tell({ kind: 'ready', address: serving.address })
  let stopTimer = () => {}
  const later = (delayMs: number): void => {
    stopTimer = clock.after(delayMs, () => {
      const begunMs = clock.monotonic()
      void report().finally(() => {
        const restMs = (clock.monotonic() - begunMs) * REST_RATIO
        later(Math.min(Math.max(REPORT_EVERY_MS, restMs), REST_MAX_MS))
      })
    })
  }
  later(REPORT_EVERY_MS)
  const stopLooking = new Rounds(clock, REPORT_EVERY_MS).join(() => {
    // Probes do not wait for the next report, which may be half a minute away.
    const readiness = serving.readiness()
    if (!isDeepStrictEqual(readiness, told)) void tell({ kind: 'readiness', readiness })
  })
  await stopping.promise
  stopLooking()
  await serving.stop()
  stopTimer()
  await report()
  channel.disconnect?.()
}

/** In many messages, or requests would wait until thousands of series are written into one. */
async function tellReport(
  serving: Serving,
  tell: (message: ToSupervisor) => Promise<void>,
): Promise<void> {
  for await (const piece of serving.metrics()) await tell({ kind: 'metrics', piece })
  await tell({ kind: 'report', ...serving.report() })
}

async function issuesOf(change: Promise<void>): Promise<readonly ConfigIssue[]> {
  try {
    await change
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.issues
    const remedy = 'see the log of the worker'
    return [{ path: '', line: null, message: `was not applied: ${reasonOf(error)}`, remedy }]
  }
}
