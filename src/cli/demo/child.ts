import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** How this program starts itself again: `node … main.ts`. */
export interface SelfCommand {
  readonly command: string
  readonly arguments: readonly string[]
}

/** A child of the demo whose every line of output is kept, to be searched for secrets at the end. */
export class DemoChild {
  readonly name: string
  readonly process: ChildProcess
  readonly exited: Promise<number | null>
  #output = ''
  readonly #listeners = new Set<(line: string) => void>()

  constructor(name: string, self: SelfCommand, args: readonly string[]) {
    this.name = name
    // The environment is handed on but for nothing: the demo itself holds no secret in it.
    this.process = spawn(self.command, [...self.arguments, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.exited = new Promise((resolve) => this.process.once('exit', resolve))
    for (const stream of [this.process.stdout, this.process.stderr]) {
      if (stream === null) continue
      createInterface({ input: stream }).on('line', (line) => this.#line(line))
    }
  }

  /** All that it has written so far, to both streams. */
  get output(): string {
    return this.#output
  }

  /**
   * The first value that `pick` finds in a line.
   * @throws when the process ends before
   */
  waitFor<T>(pick: (line: string) => T | null): Promise<T> {
    return new Promise((resolve, reject) => {
      const seen = (line: string) => {
        const found = pick(line)
        if (found === null) return
        this.#listeners.delete(seen)
        resolve(found)
      }
      this.#listeners.add(seen)
      for (const line of this.#output.split('\n')) seen(line)
      void this.exited.then((code) =>
        reject(
          new Error(`${this.name} ended with code ${code} before it was ready:\n${this.#output}`),
        ),
      )
    })
  }

  async stop(): Promise<void> {
    this.process.kill('SIGTERM')
    await this.exited
  }

  #line(line: string): void {
    this.#output += `${line}\n`
    for (const listener of this.#listeners) listener(line)
  }
}

/** The value of a JSON line, or null for any other line. */
export function jsonLine(line: string): Readonly<Record<string, unknown>> | null {
  if (!line.startsWith('{')) return null
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return null
  }
}
