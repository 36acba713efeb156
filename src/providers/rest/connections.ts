import type { Agent, Dispatcher } from 'undici'
import { PROVIDER_CALL_TIMEOUT_MS } from '../../kernel/limits.ts'

type RequestOptions = Omit<Dispatcher.RequestOptions, 'origin' | 'path'>

/**
 * The connections of a process to its providers: one pool per origin, for all accounts. Thousands of accounts look at their
 * provider once in a while, and would connect anew for each look. What bounds their number is the pace of the calls and the
 * time that each may take: with a bound of its own, accounts would wait for each other where a provider is slow.
 */
export class ProviderConnections {
  #agent: Agent | null = null

  /** Takes verified TLS only. A connection without calls does not keep the process alive. */
  async request(url: URL, options: RequestOptions): Promise<Dispatcher.ResponseData> {
    // Loaded at the first call: where nothing rotates, there is none.
    const undici = await import('undici')
    const connect = { rejectUnauthorized: true, timeout: PROVIDER_CALL_TIMEOUT_MS }
    // HTTP/2 would put all accounts on one connection, which may be dead; and undici opens one at a time to find out.
    this.#agent ??= new undici.Agent({ connect, pipelining: 1, allowH2: false })
    return undici.request(url, { ...options, dispatcher: this.#agent })
  }

  /** Waits for the calls under way, which their time limit ends. */
  async close(): Promise<void> {
    const agent = this.#agent
    this.#agent = null
    await agent?.close()
  }
}
