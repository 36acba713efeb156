import type { Socket } from 'node:net'
import type { Agent, buildConnector, Dispatcher } from 'undici'

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
  #state: 'open' | 'closing' | 'closed' = 'open'
  readonly #calls = new Set<Promise<unknown>>()
  /** Those that are not open yet: undici would let them be until their own time limit, and the process with them. */
  readonly #opening = new Set<Socket>()

  /** Runs a call, by which `request` is used. @throws Error behind the end, so that nothing is opened that nobody closes */
  async during<T>(call: () => Promise<T>): Promise<T> {
    if (this.#state !== 'open') throw new Error('the connections are closed')
    const running = call()
    this.#calls.add(running)
    try {
      return await running
    } finally {
      this.#calls.delete(running)
    }
  }

  /** Takes verified TLS only. A connection without calls does not keep the process alive. */
  async request(url: URL, options: RequestOptions): Promise<Dispatcher.ResponseData> {
    // Loaded at the first call: where nothing rotates, there is none.
    const undici = await import('undici')
    if (this.#state === 'closed') throw new Error('the connections are closed')
    // HTTP/2 would put all callers on one connection, which may be dead; and undici opens one at a time to find out.
    const http1 = { pipelining: 1, allowH2: false }
    this.#agent ??= new undici.Agent({ connect: this.#connector(undici), ...http1 })
    return undici.request(url, { ...options, dispatcher: this.#agent })
  }

  /** Waits for the calls under way, which their time limit ends. */
  async close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing'
    await Promise.allSettled(this.#calls)
    await this.destroy()
  }

  /** Ends the calls under way. */
  async destroy(): Promise<void> {
    this.#state = 'closed'
    await this.#agent?.destroy()
    for (const socket of this.#opening) socket.destroy()
  }

  #connector(undici: { readonly buildConnector: typeof buildConnector }): buildConnector.connector {
    const limits = { rejectUnauthorized: true, timeout: CONNECT_TIMEOUT_MS, allowH2: false }
    const connect = undici.buildConnector(limits)
    return (options, callback) => {
      // Undocumented, but of all versions: it gives back the socket.
      const socket = connect(options, (...outcome) => {
        if (socket !== undefined) this.#opening.delete(socket)
        callback(...outcome)
      }) as Socket | undefined
      if (socket !== undefined) this.#opening.add(socket)
      return socket
    }
  }
}
