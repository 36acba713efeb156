import { once } from 'node:events'
import { Pool } from 'undici'
import { type SidekeyHome, SidekeyProcess } from '../e2e/sidekey-process.ts'

/** Keep-alive connections of the app to one Sidekey. */
const CONNECTIONS = 32
/** Longer than any pause of a process, so that a paused Sidekey may still answer. */
const ANSWER_TIMEOUT_MS = 90_000
/** A reset connection is often faster than the news of the death. */
const NEWS_OF_DEATH_MS = 3_000

/** One real `sidekey serve`, and the app's connections to it. */
export class Replica {
  readonly process: SidekeyProcess
  /** What an orchestrator would believe: requests are sent only while it is true. */
  ready = false
  /** When it was seen to have ended; null while it runs. */
  endedAtMs: number | null = null
  #pool: Pool | null = null

  private constructor(process: SidekeyProcess) {
    this.process = process
    const end = () => process.child.kill('SIGKILL')
    globalThis.process.once('exit', end)
    void process.exited.then(() => {
      globalThis.process.off('exit', end)
      this.ready = false
      this.endedAtMs = Date.now()
    })
  }

  /**
   * Starts one and waits until it is ready, or until an armed crash point has killed it.
   * @throws Error when it ends by itself
   */
  static async start(home: SidekeyHome, crashAt?: string): Promise<Replica> {
    const sidekey = new SidekeyProcess(home, { SIDEKEY_CRASH_AT: crashAt ?? '' })
    const replica = new Replica(sidekey)
    try {
      const line = await sidekey.logged(({ event }) => event === 'sidekey is ready')
      replica.#pool = new Pool(`http://${String(line['proxy'])}`, {
        connections: CONNECTIONS,
        headersTimeout: ANSWER_TIMEOUT_MS,
        bodyTimeout: ANSWER_TIMEOUT_MS,
      })
      sidekey.admin = `http://${String(line['admin'])}`
      replica.ready = replica.endedAtMs === null
    } catch (error) {
      const { signal } = await sidekey.exited
      if (signal !== 'SIGKILL') throw error
    }
    return replica
  }

  get pool(): Pool {
    if (this.#pool === null) throw new Error('it was never ready')
    return this.#pool
  }

  /** Whether SIGKILL ended it; waits a moment for the news. */
  async wasKilled(): Promise<boolean> {
    const news = new AbortController()
    const timer = setTimeout(() => news.abort(), NEWS_OF_DEATH_MS)
    const ended = await Promise.race([this.process.exited, once(news.signal, 'abort')])
    clearTimeout(timer)
    return !Array.isArray(ended) && ended.signal === 'SIGKILL'
  }

  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.process.child.kill(name)
  }

  /** Waits for the death by an armed crash point; kills it when that does not come. True: it came. */
  async dies(withinMs: number): Promise<boolean> {
    let came = true
    const timer = setTimeout(() => {
      came = false
      this.signal('SIGKILL')
    }, withinMs)
    await this.process.exited
    clearTimeout(timer)
    await this.#leave()
    return came
  }

  /**
   * SIGTERM: no new requests, those in flight are answered.
   * @throws Error when it does not end with code 0
   */
  async stop(): Promise<void> {
    if (this.endedAtMs !== null) return
    this.ready = false
    const { code, signal } = await this.process.stop()
    await this.#leave()
    if (code !== 0) throw new Error(`SIGTERM ended it with ${code ?? signal}`)
  }

  async #leave(): Promise<void> {
    // The failures of what was in flight are already told.
    await this.#pool?.destroy().catch(() => undefined)
  }
}
