import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Task, TaskResult } from './tasks.ts'

type Reply = { readonly result: TaskResult } | { readonly error: string }

/** Threads that run tasks, as many as there are cores. */
export class Pool {
  readonly #workers: readonly Worker[]

  constructor(size = availableParallelism()) {
    const file = new URL('./worker.ts', import.meta.url)
    this.#workers = Array.from({ length: size }, () => new Worker(file))
  }

  /** Runs all tasks; `done` hears of each as it ends and may call the rest off. */
  async run(tasks: readonly Task[], done: (task: Task, result: TaskResult) => boolean | void) {
    const waiting = [...tasks]
    let off = false
    const drive = async (worker: Worker): Promise<void> => {
      for (let task = waiting.shift(); task !== undefined && !off; task = waiting.shift()) {
        off = done(task, await ask(worker, task)) === false || off
      }
    }
    await Promise.all(this.#workers.map(drive))
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}

function ask(worker: Worker, task: Task): Promise<TaskResult> {
  return new Promise((resolve, reject) => {
    const settle = (reply: Reply): void => {
      worker.off('error', reject)
      if ('error' in reply) reject(new Error(reply.error))
      else resolve(reply.result)
    }
    worker.once('message', settle)
    worker.once('error', reject)
    worker.postMessage(task)
  })
}
