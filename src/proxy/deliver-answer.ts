import type { ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'

/** How an answer reached the client. */
export type Delivery = 'complete' | 'client-aborted' | 'upstream-failed'

/** The client's side of an answer that is still coming. */
export class Sink {
  readonly #response: ServerResponse
  readonly #controller: Dispatcher.DispatchController | null
  readonly #done: (delivery: Delivery) => void
  #draining = false

  constructor(
    response: ServerResponse,
    controller: Dispatcher.DispatchController | null,
    done: (delivery: Delivery) => void,
  ) {
    this.#response = response
    this.#controller = controller
    this.#done = done
  }

  /** False: the client does not keep up. The upstream goes on when it does again. */
  write(chunk: Buffer): boolean {
    if (this.#response.write(chunk)) return true
    if (!this.#draining) {
      this.#draining = true
      this.#response.once('drain', () => {
        this.#draining = false
        this.#controller?.resume()
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
