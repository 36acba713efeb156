import type { Readable } from 'node:stream'
import { RefusedError } from '../kernel/errors.ts'
import { BODY_HEAD_START_BYTES } from '../kernel/limits.ts'
import { BodyStream, ClientGoneError } from './body-stream.ts'
import { type BodyPace, type BodyPaces, nobody } from './body-pace.ts'
import type { ClientRequest } from './client-message.ts'
import { BodyRecording } from './record-body.ts'
import type { HeldBytes } from './held-bytes.ts'
import type { RequestHead } from './read-head.ts'
import { RetryLaterError } from './rescue.ts'

/** A request's body as it goes into the rest of the map. */
export type HeldBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'held'; readonly bytes: Buffer; readonly trailers?: readonly string[] }
  /** Sent while it comes, and kept so far, so that it can be sent again. */
  | { readonly kind: 'recorded'; readonly recording: BodyRecording }
  /** Too large to hold, or not worth it: it can be sent once. */
  | {
      readonly kind: 'streaming'
      readonly stream: Readable
      readonly length: number | null
      readonly reason: 'body-too-large' | 'body-streaming'
      /** What follows it, once it has ended. */
      readonly trailers: () => readonly string[]
      /** Its client sends nothing of it before it is asked: `Expect: 100-continue`. */
      readonly heldBack: boolean
      /** Whether none of it was asked for yet, so that the request can be sent again. */
      readonly isUntouched: () => boolean
      /** Null: it has no pace to keep. */
      readonly pace: BodyPace | null
    }

/**
 * Of a request that has a body: waits for all of it when it is wanted and within the limit; else for its first 64 KiB, so that a slow upload
 * does not hold an upstream connection. What `held` was given for is returned by `release`.
 *
 * A client that expects a 100 gets it as soon as the body is read. A body that is not wanted whole is left to its client
 * until the upstream asks for it, which may refuse the request instead: RFC 9110, section 10.1.1.
 * @returns no promise where nobody has to wait
 * @throws ClientGoneError; RefusedError `malformed-request` when it comes too slowly; by the promise
 */
export function holdBody(
  request: ClientRequest,
  head: RequestHead,
  holdMaxBytes: number | null,
  { held, paces, proceed }: HoldingDeps,
): HeldBody | Promise<HeldBody> {
  if (isCall(head)) {
    if (head.expectsContinue) proceed()
    return streamCall(request, holdMaxBytes, held)
  }
  const tooLarge = holdMaxBytes !== null && (head.contentLength ?? 0) > holdMaxBytes
  const wanted = holdMaxBytes === null || tooLarge ? BODY_HEAD_START_BYTES : holdMaxBytes
  if (head.expectsContinue) {
    if (holdMaxBytes === null || tooLarge) {
      return leftToClient(request, head, tooLarge, { paces, proceed })
    }
    proceed()
  }
  const holding = (read: ReadSoFar): HeldBody => {
    if (read.ended) return { kind: 'held', bytes: join(read.chunks), trailers: request.rawTrailers }
    return {
      kind: 'streaming',
      stream: new BodyStream(request, read.chunks, () => held.give(read.size)),
      length: head.contentLength,
      trailers: () => request.rawTrailers,
      // Within its own limit, but not within that of all bodies together: it can't be held either.
      reason:
        tooLarge || read.size > (holdMaxBytes ?? Infinity) ? 'body-too-large' : 'body-streaming',
      heldBack: false,
      isUntouched: () => false,
      pace: read.pace,
    }
  }
  const arrived = takeArrived(request, wanted, held)
  if (arrived !== null) return holding(arrived)
  return readInTime(request, head, wanted, { held, paces }).then(holding)
}

/** Small bodies come with their heads mostly: then nobody has to wait for them. */
function takeArrived(request: ClientRequest, maxBytes: number, held: HeldBytes): ReadSoFar | null {
  const chunks = request.takeWhole?.(maxBytes) ?? null
  if (chunks === null) return null
  let size = 0
  for (const { length } of chunks) size += length
  const fits = held.take(size)
  return { chunks, size: fits ? size : 0, ended: fits, pace: null }
}

async function readInTime(
  request: ClientRequest,
  head: RequestHead,
  maxBytes: number,
  { held, paces }: Pick<HoldingDeps, 'held' | 'paces'>,
): Promise<ReadSoFar> {
  const pace = paces.watch(request, head.contentLength !== null)
  try {
    const read = await readUpTo(request, maxBytes, held, pace)
    if (read.ended) paces.stop(pace)
    return { ...read, pace }
  } catch (error) {
    paces.stop(pace)
    throw error
  }
}

/** What holding a body needs of others. */
export interface HoldingDeps {
  readonly held: HeldBytes
  readonly paces: BodyPaces
  /** Sends the 100 to a client that expects it. */
  readonly proceed: () => void
}

function leftToClient(
  request: ClientRequest,
  head: RequestHead,
  tooLarge: boolean,
  { paces, proceed }: Pick<HoldingDeps, 'paces' | 'proceed'>,
): HeldBody {
  let untouched = true
  // Until it is asked for it is paused, and no time passes for it.
  const pace = paces.watch(request, head.contentLength !== null)
  const begin = (): void => {
    untouched = false
    proceed()
  }
  return {
    kind: 'streaming',
    stream: new BodyStream(request, [], () => {}, begin),
    length: head.contentLength,
    trailers: () => request.rawTrailers,
    reason: tooLarge ? 'body-too-large' : 'body-streaming',
    heldBack: true,
    isUntouched: () => untouched,
    pace,
  }
}

/** A gRPC call, whose upstream may have to answer before the client says more: nothing of it is waited for. */
function isCall({ contentType }: RequestHead): boolean {
  return contentType === 'application/grpc' || contentType.startsWith('application/grpc+')
}

function streamCall(
  request: ClientRequest,
  keepMaxBytes: number | null,
  held: HeldBytes,
): HeldBody {
  if (keepMaxBytes !== null) {
    return { kind: 'recorded', recording: new BodyRecording(request, keepMaxBytes, held) }
  }
  return {
    kind: 'streaming',
    stream: new BodyStream(request, [], () => {}),
    length: null,
    reason: 'body-streaming',
    trailers: () => request.rawTrailers,
    heldBack: false,
    isUntouched: () => false,
    pace: null,
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
  if (body.kind === 'none' || body.kind === 'held') return
  if (body.kind === 'recorded' || body.reason === 'body-too-large') {
    throw new RefusedError('body-too-large', 'the body is too large to write the credential into')
  }
  throw new RetryLaterError('overloaded', 'too many bodies are held', 1_000)
}

/** Gives back what a held body took; call it when the request has ended. */
export function release(
  body: HeldBody,
  { held, paces }: Pick<HoldingDeps, 'held' | 'paces'>,
): void {
  if (body.kind === 'held') held.give(body.bytes.length)
  if (body.kind === 'streaming') {
    if (body.pace !== null) paces.stop(body.pace)
    body.stream.destroy()
  }
  if (body.kind === 'recorded') body.recording.destroy()
}

/** Nothing to hold. */
export const NO_BODY: HeldBody = { kind: 'none' }

interface ReadSoFar {
  readonly chunks: readonly Buffer[]
  readonly size: number
  readonly ended: boolean
  /** Null: nothing of it was waited for. */
  readonly pace: BodyPace | null
}

function readUpTo(
  request: ClientRequest,
  maxBytes: number,
  held: HeldBytes,
  pace: BodyPace,
): Promise<Omit<ReadSoFar, 'pace'>> {
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
    const fail = (error: Error): void => {
      stop()
      held.give(size)
      reject(error)
    }
    const gone = (): void =>
      fail(new ClientGoneError('the client closed before the end of its body'))
    const stop = (): void => {
      request.off('data', data).off('end', end).off('error', gone).off('close', gone)
      pace.whenSlow = nobody
    }
    const settle = (ended: boolean): void => {
      stop()
      if (!ended) request.pause()
      resolve({ chunks, size, ended })
    }
    pace.whenSlow = fail
    request.on('data', data).on('end', end).on('error', gone).on('close', gone)
  })
}

function join(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
}
