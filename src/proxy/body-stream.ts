import { Readable } from 'node:stream'
import { BODY_HEAD_START_BYTES } from '../kernel/limits.ts'
import type { ClientRequest } from './client-message.ts'

/** The client closed its connection, or broke its own framing; there is nobody to answer. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError'
}

/**
 * The rest of a body behind its beginning. Destroying it leaves the client's connection alone, so that an answer can
 * still be sent; what the client goes on sending is dropped.
 */
export class BodyStream extends Readable {
  readonly #request: ClientRequest
  readonly #freed: () => void
  /** Called before the first byte is asked for. */
  #begin: (() => void) | null

  constructor(
    request: ClientRequest,
    beginning: readonly Buffer[],
    freed: () => void,
    begin: (() => void) | null = null,
  ) {
    super({ highWaterMark: BODY_HEAD_START_BYTES })
    this.#request = request
    this.#freed = freed
    this.#begin = begin
    // Nobody may listen yet when the client goes away.
    this.on('error', () => {})
    for (const chunk of beginning) this.push(chunk)
    request.on('data', this.#data).on('end', this.#end).on('error', this.#gone)
    request.on('close', this.#gone)
    request.pause()
    if (request.readableEnded) this.push(null)
  }

  override _read(): void {
    this.#begin?.()
    this.#begin = null
    this.#request.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const request = this.#request
    request.off('data', this.#data).off('end', this.#end).off('close', this.#gone)
    if (!request.complete) request.resume()
    this.#freed()
    callback(error)
  }

  readonly #data = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#request.pause()
  }
  readonly #end = (): void => {
    this.push(null)
  }
  readonly #gone = (): void => {
    if (!this.#request.readableEnded) this.destroy(new ClientGoneError('the client closed'))
  }
}
