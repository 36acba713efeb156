import type { Agent, Dispatcher } from 'undici'
import { PROVIDER_CALL_TIMEOUT_MS } from '../../kernel/limits.ts'

/** One is used again and again; a provider that hangs gets this many, so that other accounts still have some. */
const PER_ORIGIN_MAX = 64

/**
 * The connections of a process to its providers: one pool per origin, for all accounts. Thousands of accounts look at their
 * provider once in a while, and would connect anew for each look.
 */
export class ProviderConnections {
  #agent: Promise<Agent> | null = null

  /** Takes verified TLS only. A connection without calls does not keep the process alive. */
  dispatcher(): Promise<Dispatcher> {
    this.#agent ??= openAgent()
    return this.#agent
  }

  /** Waits for the calls under way, which their time limit ends. */
  async close(): Promise<void> {
    const agent = this.#agent
    this.#agent = null
    await (await agent)?.close()
  }
}

async function openAgent(): Promise<Agent> {
  // Loaded at the first call: where nothing rotates, there is none.
  const undici = await import('undici')
  const connect = { rejectUnauthorized: true, timeout: PROVIDER_CALL_TIMEOUT_MS }
  return new undici.Agent({ connect, connections: PER_ORIGIN_MAX, pipelining: 1 })
}
