import type { Readable } from 'node:stream'
import { BodyStream } from './body-stream.ts'
import type { ClientRequest } from './client-message.ts'
import type { HeldBytes } from './held-bytes.ts'

/**
 * A body that is sent while it comes, and kept as far as it has come, so that it can be sent from its beginning once
 * more: what came before is repeated, what comes then goes on. Once there is too much of it nothing is kept any more.
 */
export class BodyRecording {
  readonly #request: ClientRequest
  readonly #maxBytes: number
  readonly #budget: HeldBytes
  #kept: Buffer[] | null = []
  #bytes = 0
  #reader: BodyStream | null = null

  constructor(request: ClientRequest, maxBytes: number, budget: HeldBytes) {
    this.#request = request
    this.#maxBytes = maxBytes
    this.#budget = budget
    // Before every reader's: what one of them gets is kept already.
    request.on('data', this.#keep)
    request.pause()
  }

  /** Whether it can be sent from its beginning. */
  get isWhole(): boolean {
    return this.#kept !== null
  }

  get trailers(): readonly string[] {
    return this.#request.rawTrailers
  }

  /** The body from its beginning; whoever read it before reads no more. Call it while it is whole. */
  read(): Readable {
    this.#reader?.destroy()
    this.#reader = new BodyStream(this.#request, this.#kept ?? [], () => {})
    return this.#reader
  }

  /** Keeps nothing any more: the answer is there, and nobody will send the body again. */
  forget(): void {
    this.#request.off('data', this.#keep)
    this.#budget.give(this.#bytes)
    this.#bytes = 0
    this.#kept = null
  }

  /** The request has ended. */
  destroy(): void {
    this.forget()
    this.#reader?.destroy()
  }

  readonly #keep = (chunk: Buffer): void => {
    const fits = this.#bytes + chunk.length <= this.#maxBytes && this.#budget.take(chunk.length)
    if (!fits) return this.forget()
    this.#bytes += chunk.length
    this.#kept?.push(chunk)
  }
}
