import type { ClientResponse } from './client-message.ts'

/** What can be told to wait: the upstream of an answer. */
export interface Source {
  pause(): void
  resume(): void
}

/** How an answer reached the client. */
export type Delivery = 'complete' | 'client-aborted' | 'upstream-failed'

/** The client's side of an answer that is still coming. */
export class Sink {
  readonly #response: ClientResponse
  readonly #source: Source | null
  readonly #done: (delivery: Delivery) => void
  #draining = false

  constructor(response: ClientResponse, source: Source | null, done: (delivery: Delivery) => void) {
    this.#response = response
    this.#source = source
    this.#done = done
  }

  /** False: the client does not keep up. The upstream goes on when it does again. */
  write(chunk: Buffer): boolean {
    if (this.#response.write(chunk)) return true
    if (!this.#draining) {
      this.#draining = true
      this.#response.once('drain', () => {
        this.#draining = false
        this.#source?.resume()
      })
    }
    return false
  }

  end(): void {
    this.#response.end()
    this.#done('complete')
  }

  /** The client must see that the answer is cut: no last chunk, no missing bytes taken for the end. */
  fail(): void {
    this.#response.destroy()
    this.#done('upstream-failed')
  }

  clientGone(): void {
    this.#done('client-aborted')
  }
}
