import { type ChildProcess, fork } from 'node:child_process'
import type { AppOrder, AppReport } from './app.ts'

/** A process of its own that runs the app, so that its event loop is not Sidekey's nor the emulator's. */
export class Load {
  readonly process: ChildProcess
  readonly done: Promise<void>
  #isDone = false
  #output = ''
  #latest: AppReport | null = null
  readonly #latenciesMs: number[] = []

  constructor(order: AppOrder) {
    // Nothing of the demo's environment is needed, so nothing is handed on.
    this.process = fork(new URL('app.ts', import.meta.url), {
      env: {},
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString('utf8')
      })
    }
    this.done = this.#run(order)
    this.done.catch(() => {})
  }

  get isDone(): boolean {
    return this.#isDone
  }

  get counts(): { readonly requests: number; readonly failed: number } {
    return { requests: this.#latest?.finished ?? 0, failed: this.#latest?.failed ?? 0 }
  }

  get failures(): readonly string[] {
    return this.#latest?.failures ?? []
  }

  get latenciesMs(): readonly number[] {
    return this.#latenciesMs
  }

  /** All that the app has printed. */
  get output(): string {
    return this.#output
  }

  async #run(order: AppOrder): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.process.on('message', (report: AppReport) => {
          this.#latest = report
          this.#latenciesMs.push(...report.latenciesMs)
          if (report.done) resolve()
        })
        this.process.once('exit', () => reject(new Error(`the app ended early:\n${this.#output}`)))
        this.process.send(order)
      })
    } finally {
      this.#isDone = true
    }
  }
}
