import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { imageEnvironment, imageFlags } from '../image-run.ts'

const ADMIN = 'http://127.0.0.1:18292'
const READY_MAX_MS = 120_000
const POLL_MS = 20
/** Of Linux, in `/proc/PID/stat`. */
const TICKS_PER_SECOND = 100

/** One process of Sidekey, watched from outside. */
export class SidekeyRun {
  readonly #child: ChildProcess
  readonly readyMs: number
  readonly rssAtReadyMb: number

  private constructor(child: ChildProcess, readyMs: number, rssAtReadyMb: number) {
    this.#child = child
    this.readyMs = readyMs
    this.rssAtReadyMb = rssAtReadyMb
  }

  /** Starts it, and waits until it is ready. */
  static async start(entry: string, config: string, heapMiB: string): Promise<SidekeyRun> {
    const startedMs = performance.now()
    // Of two heaps the last one counts.
    const flags = [...imageFlags(), `--max-old-space-size=${heapMiB}`]
    const child = spawn(process.execPath, [...flags, entry, 'serve', '--config', config], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, ...imageEnvironment() },
    })
    while (!(await isReady())) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`it ended with ${child.exitCode ?? child.signalCode}`)
      }
      if (performance.now() - startedMs > READY_MAX_MS) {
        child.kill('SIGKILL')
        throw new Error('it was not ready in time')
      }
      await sleep(POLL_MS)
    }
    const readyMs = Math.round(performance.now() - startedMs)
    return new SidekeyRun(child, readyMs, await rssMb(child))
  }

  rest(forMs: number): Promise<void> {
    return sleep(forMs)
  }

  rssMb(): Promise<number> {
    return rssMb(this.#child)
  }

  /** User and system time since the start. */
  async cpuSeconds(): Promise<number> {
    const fields = (await readFile(`/proc/${this.#child.pid}/stat`, 'utf8')).split(') ')[1] ?? ''
    const [user = '0', system = '0'] = fields.split(' ').slice(11, 13)
    return (Number(user) + Number(system)) / TICKS_PER_SECOND
  }

  /** Reads `/metrics`, and asks beside it how long nothing else is answered. */
  async scrape(): Promise<{ series: number; tookMs: number; stalledMs: number }> {
    const startedMs = performance.now()
    let isOver = false
    const scraped = fetch(`${ADMIN}/metrics`)
      .then((answer) => answer.text())
      .finally(() => (isOver = true))
    let stalledMs = 0
    while (!isOver) {
      const askedMs = performance.now()
      await fetch(`${ADMIN}/livez`)
      stalledMs = Math.max(stalledMs, performance.now() - askedMs)
    }
    const tookMs = Math.round(performance.now() - startedMs)
    const lines = (await scraped).split('\n')
    const series = lines.filter((line) => line !== '' && !line.startsWith('#')).length
    return { series, tookMs, stalledMs: Math.round(stalledMs) }
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }
}

async function isReady(): Promise<boolean> {
  return fetch(`${ADMIN}/readyz`).then(
    ({ status }) => status === 200,
    () => false,
  )
}

async function rssMb({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
}
