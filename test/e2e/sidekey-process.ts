import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { request } from 'undici'

const MAIN = resolve(import.meta.dirname, '../../src/main.ts')

export interface LogLine {
  readonly event: string
  readonly [field: string]: unknown
}

/** A folder with what a Sidekey needs; the same folder serves one process after another, as a restarted pod's volume does. */
export class SidekeyHome {
  readonly directory = mkdtempSync(join(tmpdir(), 'sidekey-e2e-'))
  readonly token = 'token-for-tests-0123456789abcdef'

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.write('admin-token', this.token)
    this.write('store-key', '0123456789abcdef'.repeat(4))
    for (const [name, content] of Object.entries(files)) this.write(name, content)
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  write(name: string, content: string): void {
    writeFileSync(this.path(name), content, { mode: 0o600 })
  }

  /** The configuration of one Vonage account whose hosts are all at `emulatorUrl`. */
  configure(emulatorUrl: string, rotation: string, more = ''): void {
    const hosts = ['api', 'rest', 'video', 'eu'].map((alias) => `${alias}: ${emulatorUrl}`)
    this.write(
      'sidekey.yaml',
      `proxy: { listen: 127.0.0.1:0 }
admin: { listen: 127.0.0.1:0, tokenFile: ${this.path('admin-token')} }
store: { type: file, directory: ${this.path('store')}, keyFile: ${this.path('store-key')} }
credentials:
  vonage:
    provider: vonage
    apiKey: a1b2c3d4
    secret: { file: ${this.path('vonage-secret')} }
    baseUrls: { ${hosts.join(', ')} }
    rotation: ${rotation}
routes:
  - preset: vonage
    credential: vonage
${more}`,
    )
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** What a command of `sidekey` that ends by itself has said. */
export interface CliResult {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a command to its end. */
export async function runCli(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  const child = spawn(process.execPath, [MAIN, ...argv], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((done) => child.once('close', done)),
  ])
  return { code, out, err }
}

/** A real `sidekey serve`. */
export class SidekeyProcess {
  readonly child: ChildProcess
  readonly home: SidekeyHome
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>
  readonly #lines: string[] = []
  readonly #waiting = new Set<() => void>()
  #ended = false
  proxy = ''
  admin = ''

  constructor(home: SidekeyHome, env: Readonly<Record<string, string>> = {}) {
    this.home = home
    this.child = spawn(
      process.execPath,
      [MAIN, 'serve', '--config', home.path('sidekey.yaml'), '--log-level', 'debug'],
      { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream === null) continue
      createInterface({ input: stream }).on('line', (line) => {
        this.#lines.push(line)
        for (const look of this.#waiting) look()
      })
    }
    this.exited = new Promise((done) => {
      // Not `exit`: its last lines may be on their way then.
      this.child.once('close', (code, signal) => {
        this.#ended = true
        done({ code, signal })
        for (const look of this.#waiting) look()
      })
    })
  }

  /** Starts one and waits until it is ready. */
  static async start(home: SidekeyHome, env?: Readonly<Record<string, string>>) {
    const sidekey = new SidekeyProcess(home, env)
    const ready = await sidekey.logged((line) => line.event === 'sidekey is ready')
    sidekey.proxy = `http://${String(ready['proxy'])}`
    sidekey.admin = `http://${String(ready['admin'])}`
    return sidekey
  }

  /** All that it has written, both streams. */
  get output(): string {
    return this.#lines.join('\n')
  }

  /** The first log line that fits, past or future. Rejects when the process ends first. */
  logged(fits: (line: LogLine) => boolean): Promise<LogLine> {
    let seen = 0
    return new Promise((found, reject) => {
      const look = () => {
        for (; seen < this.#lines.length; seen++) {
          const line = parse(this.#lines[seen] ?? '')
          if (line === null || !fits(line)) continue
          this.#waiting.delete(look)
          found(line)
          return
        }
        if (this.#ended) {
          this.#waiting.delete(look)
          reject(new Error(`sidekey ended before it said so:\n${this.output}`))
        }
      }
      this.#waiting.add(look)
      look()
    })
  }

  /** Resolves when `event` has been logged `times` times since the start. */
  async loggedTimes(event: string, times: number): Promise<void> {
    let left = times
    await this.logged((line) => line.event === event && --left === 0)
  }

  async api(method: 'GET' | 'POST', path: string, body?: unknown) {
    const answer = await request(this.admin + path, {
      method,
      headers: {
        authorization: `Bearer ${this.home.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    })
    const answered = await answer.body.text()
    return { status: answer.statusCode, text: answered, json: () => JSON.parse(answered) as never }
  }

  /** A command of an operator, sent to this process. */
  command(...argv: readonly string[]): Promise<CliResult> {
    const token = this.home.path('admin-token')
    return runCli([...argv, '--admin', this.admin, '--token-file', token])
  }

  /** A page of the admin port that needs no token. */
  async page(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await request(this.admin + path, { reset: true })
    return { status: answer.statusCode, text: await answer.body.text() }
  }

  async stop(): Promise<{ readonly code: number | null; readonly signal: string | null }> {
    this.child.kill('SIGTERM')
    return this.exited
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.exited
  }
}

function parse(line: string): LogLine | null {
  if (!line.startsWith('{')) return null
  const value: unknown = JSON.parse(line)
  return typeof value === 'object' && value !== null && 'event' in value ? (value as LogLine) : null
}
