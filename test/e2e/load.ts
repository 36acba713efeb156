import { Agent, request } from 'node:http'

/** How a request ended: an answer's status, or why there is none. */
type Ending = number | 'refused' | 'lost'

const SMS = JSON.stringify({ from: 'Sidekey', to: '447700900001', text: 'hello' })

/**
 * Clients that send one request after the other, each on a kept connection of its own, until they are stopped or nobody
 * accepts connections any more. A request is lost when its connection was made and no whole answer came.
 */
export class Load {
  /** The connections of lost requests: the client's port, and what it saw. */
  readonly losses: { readonly port: number; readonly code: string }[] = []
  readonly endings = new Map<Ending, number>()
  readonly #proxy: string
  readonly #workers: readonly Promise<void>[]
  #stopped = false

  constructor(proxy: string, clients: number) {
    this.#proxy = proxy
    this.#workers = Array.from({ length: clients }, (_, index) => this.#work(index))
  }

  /** Answered with 200, so far. */
  get answered(): number {
    return this.endings.get(200) ?? 0
  }

  /** Ends when nobody listens any more. */
  async ended(): Promise<void> {
    await Promise.all(this.#workers)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.ended()
  }

  async #work(index: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let sent = index; !this.#stopped; sent++) {
      const ending = await this.#send(agent, sent % 2 === 0)
      this.endings.set(ending, (this.endings.get(ending) ?? 0) + 1)
      if (ending === 'refused') break
    }
    agent.destroy()
  }

  #send(agent: Agent, asSms: boolean): Promise<Ending> {
    const path = asSms ? '/vonage/rest/sms/json' : '/vonage/rest/account/get-balance'
    return new Promise((end) => {
      const sent = request(`${this.#proxy}${path}`, {
        agent,
        method: asSms ? 'POST' : 'GET',
        headers: asSms ? { 'content-type': 'application/json' } : {},
      })
      const lose = (error: Error) => {
        const code = 'code' in error ? String(error.code) : error.message
        this.losses.push({ port, code })
        end('lost')
      }
      let port = 0
      sent.on('socket', (socket) => {
        const connected = () => (port = socket.localPort ?? 0)
        if (socket.connecting) socket.once('connect', connected)
        else connected()
      })
      sent.on('error', (error) => {
        if ('code' in error && error.code === 'ECONNREFUSED') end('refused')
        else lose(error)
      })
      sent.on('response', (response) => {
        response.resume()
        response.on('end', () => end(response.statusCode ?? 0))
        response.on('error', lose)
      })
      sent.end(asSms ? SMS : undefined)
    })
  }
}
