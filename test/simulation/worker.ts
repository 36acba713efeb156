import { parentPort } from 'node:worker_threads'
import { runTask } from './tasks.ts'
import type { Task } from './tasks.ts'

// A thread of the pool: one task at a time, in the order in which they come.
parentPort?.on('message', (task: Task) => {
  runTask(task).then(
    (result) => parentPort?.postMessage({ result }),
    (error: unknown) => parentPort?.postMessage({ error: String((error as Error).stack) }),
  )
})
