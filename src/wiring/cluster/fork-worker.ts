import cluster from 'node:cluster'
import type { ToSupervisor, ToWorker } from './messages.ts'

/** A process of the operating system, or what a test puts in its place. */
export interface WorkerProcess {
  /** Does nothing when it has ended. */
  tell(message: ToWorker): void
  /** At once, without a last word. */
  kill(): void
}

/** What becomes of one. */
export interface WorkerEvents {
  heard(message: ToSupervisor): void
  /** It has ended, and all that it had said was heard. */
  ended(): void
}

/** Starts this program again as a worker. */
export function forkWorker(number: number, events: WorkerEvents): WorkerProcess {
  // Workers accept by themselves: in turns, one that is killed takes along what was handed to it and not taken.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  const worker = cluster.fork({ SIDEKEY_WORKER: String(number) })
  // Its last report may still be in the channel when it has gone.
  let isOver = false
  const over = () => {
    if (isOver || worker.isConnected() || !worker.isDead()) return
    isOver = true
    events.ended()
  }
  worker.on('exit', over)
  worker.on('disconnect', over)
  // A write into a channel whose worker was killed; its exit is what counts.
  worker.on('error', () => {})
  worker.on('message', (message: ToSupervisor) => events.heard(message))
  return {
    tell: (message) => {
      if (worker.isConnected()) worker.send(message)
    },
    kill: () => void worker.process.kill('SIGKILL'),
  }
}
