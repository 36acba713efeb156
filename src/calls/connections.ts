import type { Agent, Dispatcher } from 'undici'

type RequestOptions = Omit<Dispatcher.RequestOptions, 'origin' | 'path'>

/** Until a connection is open, in milliseconds; calls have limits of their own, which may be shorter. */
const CONNECT_TIMEOUT_MS = 10_000

/**
 * Connections to servers that Sidekey calls itself: one pool per origin, for all who call it. Thousands of accounts look at
 * their provider once in a while, and would connect anew for each look. What bounds their number is the pace of the calls
 * and the time that each may take: with a bound of its own, accounts would wait for each other where a provider is slow.
 */
export class Connections {
  #agent: Agent | null = null
  #isClosed = false

  /**
   * Takes verified TLS only. A connection without calls does not keep the process alive.
   * @throws Error behind the end, so that nothing is opened that nobody closes; else as undici does
   */
  async request(url: URL, options: RequestOptions): Promise<Dispatcher.ResponseData> {
    // Loaded at the first call: where nothing rotates, there is none.
    const undici = await import('undici')
    if (this.#isClosed) throw new Error('the connections are closed')
    const connect = { rejectUnauthorized: true, timeout: CONNECT_TIMEOUT_MS }
    // HTTP/2 would put all callers on one connection, which may be dead; and undici opens one at a time to find out.
    this.#agent ??= new undici.Agent({ connect, pipelining: 1, allowH2: false })
    return undici.request(url, { ...options, dispatcher: this.#agent })
  }

  /** Waits for the calls under way, which their time limit ends. */
  async close(): Promise<void> {
    await this.#taken()?.close()
  }

  /** Ends the calls under way. */
  async destroy(): Promise<void> {
    await this.#taken()?.destroy()
  }

  #taken(): Agent | null {
    this.#isClosed = true
    const agent = this.#agent
    this.#agent = null
    return agent
  }
}
