import { Readable } from 'node:stream'
import { RefusedError } from '../kernel/errors.ts'
import { BODY_HEAD_START_BYTES, CLIENT_IDLE_TIMEOUT_MS } from '../kernel/limits.ts'
import type { ClientRequest } from './client-message.ts'
import type { RequestHead } from './read-head.ts'
import { RetryLaterError } from './rescue.ts'

/** A request's body as it goes into the rest of the map. */
export type HeldBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'held'; readonly bytes: Buffer }
  /** Too large to hold, or not worth it: it can be sent once. */
  | {
      readonly kind: 'streaming'
      readonly stream: Readable
      readonly length: number | null
      readonly reason: 'body-too-large' | 'body-streaming'
    }

/** The client closed its connection, or broke its own framing; there is nobody to answer. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError'
}

/** Bytes of all held bodies together. */
export class HeldBytes {
  readonly #max: number
  #taken = 0

  constructor(max: number) {
    this.#max = max
  }

  /** False when the limit would be passed; nothing is taken then. */
  take(bytes: number): boolean {
    if (this.#taken + bytes > this.#max) return false
    this.#taken += bytes
    return true
  }

  give(bytes: number): void {
    this.#taken -= bytes
  }
}

/**
 * Waits for the whole body when it is wanted and within the limit; else for its first 64 KiB, so that a slow upload
 * does not hold an upstream connection. What `held` was given for is returned by `release`.
 * @throws ClientGoneError
 */
export async function holdBody(
  request: ClientRequest,
  head: RequestHead,
  holdMaxBytes: number | null,
  held: HeldBytes,
): Promise<HeldBody> {
  if (!hasBody(head)) return NO_BODY
  const tooLarge = holdMaxBytes !== null && (head.contentLength ?? 0) > holdMaxBytes
  const wanted = holdMaxBytes === null || tooLarge ? BODY_HEAD_START_BYTES : holdMaxBytes
  const read = await readUpTo(request, wanted, held)
  if (read.ended) return { kind: 'held', bytes: join(read.chunks) }
  return {
    kind: 'streaming',
    stream: new BodyStream(request, read.chunks, () => held.give(read.size)),
    length: head.contentLength,
    // Within its own limit, but not within that of all bodies together: it can't be held either.
    reason:
      tooLarge || read.size > (holdMaxBytes ?? Infinity) ? 'body-too-large' : 'body-streaming',
  }
}

/** Whether the head announces a body. */
export function hasBody(head: RequestHead): boolean {
  return head.chunked || (head.contentLength !== null && head.contentLength > 0)
}

/**
 * A body that must be written into has to be whole.
 * @throws RefusedError `body-too-large`, or `overloaded` when other bodies take the memory
 */
export function requireHeld(body: HeldBody): void {
  if (body.kind !== 'streaming') return
  if (body.reason === 'body-too-large') {
    throw new RefusedError('body-too-large', 'the body is too large to write the credential into')
  }
  throw new RetryLaterError('overloaded', 'too many bodies are held', 1_000)
}

/** Gives back what a held body took; call it when the request has ended. */
export function release(body: HeldBody, held: HeldBytes): void {
  if (body.kind === 'held') held.give(body.bytes.length)
  if (body.kind === 'streaming') body.stream.destroy()
}

const NO_BODY: HeldBody = { kind: 'none' }

interface ReadSoFar {
  readonly chunks: readonly Buffer[]
  readonly size: number
  readonly ended: boolean
}

function readUpTo(request: ClientRequest, maxBytes: number, held: HeldBytes): Promise<ReadSoFar> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const data = (chunk: Buffer): void => {
      const fits = held.take(chunk.length)
      chunks.push(chunk)
      if (fits) size += chunk.length
      if (!fits || size > maxBytes) settle(false)
    }
    const end = (): void => settle(true)
    const gone = (): void => {
      stop()
      held.give(size)
      reject(new ClientGoneError('the client closed before the end of its body'))
    }
    const stop = (): void => {
      request.off('data', data).off('end', end).off('error', gone).off('close', gone)
      request.socket.setTimeout(0)
    }
    const settle = (ended: boolean): void => {
      stop()
      if (!ended) request.pause()
      resolve({ chunks, size, ended })
    }
    request.socket.setTimeout(CLIENT_IDLE_TIMEOUT_MS)
    request.on('data', data).on('end', end).on('error', gone).on('close', gone)
  })
}

function join(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
}

/**
 * The rest of a body behind its beginning. Destroying it leaves the client's connection alone, so that an answer can
 * still be sent; what the client goes on sending is dropped.
 */
class BodyStream extends Readable {
  readonly #request: ClientRequest
  readonly #freed: () => void

  constructor(request: ClientRequest, beginning: readonly Buffer[], freed: () => void) {
    super({ highWaterMark: BODY_HEAD_START_BYTES })
    this.#request = request
    this.#freed = freed
    // Nobody may listen yet when the client goes away.
    this.on('error', () => {})
    for (const chunk of beginning) this.push(chunk)
    request.on('data', this.#data).on('end', this.#end).on('error', this.#gone)
    request.on('close', this.#gone)
    request.pause()
  }

  override _read(): void {
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
