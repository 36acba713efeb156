import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { Launch } from './contender.ts'

/** The proxy has a core for itself; load, upstream and this process share another. */
const PROXY_CORE = 0
const LOAD_CORE = 1

/** On one core everything shares it, and only CPU per request means something. */
export const pinned = availableParallelism() > 1

/** Moves this process, and with it every child that is not moved, to the core of the load. */
export function pinLoad(): void {
  if (pinned) execFileSync('taskset', ['-a', '-cp', String(LOAD_CORE), String(process.pid)])
}

/** A running contender or upstream; ends with this process at the latest. */
export class Process {
  readonly #child: ChildProcess
  #output = ''

  constructor(launch: Launch, placed: 'proxy' | 'load') {
    const [program, ...rest] =
      placed === 'proxy' && pinned
        ? ['taskset', '-c', String(PROXY_CORE), ...launch.command]
        : launch.command
    // The environment of the machine, such as its proxies and CAs, is none of a contender's business.
    const { PATH, HOME, GOCACHE } = process.env
    this.#child = spawn(program ?? '', rest, {
      env: { PATH, HOME, ...(GOCACHE === undefined ? {} : { GOCACHE }), ...launch.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const keep = (text: Buffer) => {
      this.#output = (this.#output + text.toString()).slice(-4000)
    }
    this.#child.stdout?.on('data', keep)
    this.#child.stderr?.on('data', keep)
    this.#child.on('error', (error) => keep(Buffer.from(error.message)))
    process.once('exit', this.#kill)
  }

  /** The last of what it has written, both streams. */
  get output(): string {
    return this.#output
  }

  get ended(): boolean {
    const { exitCode, signalCode, pid } = this.#child
    return pid === undefined || exitCode !== null || signalCode !== null
  }

  /** User and system time so far, with its children, in seconds. */
  cpuSeconds(): number {
    return this.#sum((pid) => {
      const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
    })
  }

  /** The same of the threads that run, by the nanosecond: for times that are short. */
  threadsSeconds(): number {
    return this.#sum((pid) => {
      const threads = readdirSync(`/proc/${pid}/task`)
      const nanoseconds = threads.map((thread) => {
        try {
          return Number(
            readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0],
          )
        } catch {
          // It has ended since.
          return 0
        }
      })
      return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e9
    })
  }

  /** Resident memory, with its children, in MB. */
  residentMb(): number {
    return this.#sum((pid) => {
      const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
      return (Number(kib ?? 0) * 1024) / 1e6
    })
  }

  async stop(): Promise<void> {
    process.removeListener('exit', this.#kill)
    if (this.ended) return
    const exited = new Promise((done) => this.#child.once('exit', done))
    this.#child.kill('SIGTERM')
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    await exited
    clearTimeout(patience)
  }

  readonly #kill = (): void => {
    this.#child.kill('SIGKILL')
  }

  #sum(read: (pid: number) => number): number {
    return this.#child.pid === undefined
      ? 0
      : family(this.#child.pid).reduce((sum, pid) => sum + read(pid), 0)
  }
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK']))

function family(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ')
  return [pid, ...children.filter((word) => word !== '').flatMap((word) => family(Number(word)))]
}
