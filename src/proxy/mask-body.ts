import { RefusedError } from '../kernel/errors.ts'
import type { Attempt } from './attempt.ts'
import type { ClientResponse } from './client-message.ts'
import type { Echo, Echoes } from './mask-echo.ts'
import type { RequestHead } from './read-head.ts'

/**
 * Hides every echo of a secret in a body by as many asterisks, wherever its pieces are cut. What may be the beginning
 * of one waits for the next piece; everything else goes on at once.
 */
export class BodyMask {
  readonly #forms: readonly string[]
  readonly #pattern: RegExp
  readonly #starts: ReadonlySet<number>
  readonly #longest: number
  /** Bytes as latin1, as everything here. */
  #tail = ''

  constructor({ forms, pattern }: Echo) {
    this.#forms = forms
    // One of its own, since a pattern remembers where it has stopped.
    this.#pattern = new RegExp(pattern)
    this.#starts = new Set(forms.map((form) => form.charCodeAt(0)))
    this.#longest = Math.max(0, ...forms.map(({ length }) => length))
  }

  /** What of the body can go on now. */
  next(piece: Buffer): Buffer {
    const text = this.#tail + piece.toString('latin1')
    let end = this.#openFrom(text)
    let masked = ''
    let from = 0
    for (const { 0: found, index } of text.matchAll(this.#pattern)) {
      // A longer form may begin in the same place.
      if (index >= end) break
      masked += text.slice(from, index) + '*'.repeat(found.length)
      from = index + found.length
      end = Math.max(end, from)
    }
    this.#tail = text.slice(end)
    return Buffer.from(masked + text.slice(from, end), 'latin1')
  }

  /** The rest, when the body has ended. */
  last(): Buffer {
    const text = this.#tail.replaceAll(this.#pattern, (found) => '*'.repeat(found.length))
    this.#tail = ''
    return Buffer.from(text, 'latin1')
  }

  /** Where the end of the text begins that more of it could make a form. */
  #openFrom(text: string): number {
    for (let at = Math.max(0, text.length - this.#longest + 1); at < text.length; at++) {
      if (!this.#starts.has(text.charCodeAt(at))) continue
      const rest = text.slice(at)
      if (this.#forms.some((form) => form.length > rest.length && form.startsWith(rest))) return at
    }
    return text.length
  }
}

/** Fields by which a client would get a body that nobody can look into, or a part of one that may cut a secret in two. */
const NOT_WHOLE: ReadonlySet<string> = new Set(['accept-encoding', 'range', 'if-range', 'te'])

/** The request for a body that can be masked: whole, and not encoded. */
export function askForPlainBody(head: RequestHead): RequestHead {
  const { fields } = head
  const kept = fields.filter((_, i) => {
    const name = fields[i - (i % 2)] ?? ''
    return !NOT_WHOLE.has(name.toLowerCase())
  })
  return { ...head, fields: [...kept, 'Accept-Encoding', 'identity'] }
}

/**
 * The client's answer with its body masked on the way. `Content-Length` stays right.
 * @throws RefusedError `upstream-invalid` when the body has a coding all the same
 */
export function maskBody(
  response: ClientResponse,
  attempt: Attempt,
  method: string,
  { echoes }: Echoes,
): ClientResponse {
  if (echoes.length === 0) return response
  const hasBody = method !== 'HEAD' && attempt.status !== 204 && attempt.status !== 304
  if (hasBody && isEncoded(attempt.fields)) {
    attempt.abort(new Error('the answer can not be masked'))
    throw new RefusedError('upstream-invalid', 'the body is encoded, and can not be masked')
  }
  return echoes.reduce<ClientResponse>(
    (shown, echo) => new MaskedResponse(shown, new BodyMask(echo)),
    response,
  )
}

function isEncoded(fields: readonly string[]): boolean {
  return fields.some((name, i) => {
    if (i % 2 !== 0 || name.toLowerCase() !== 'content-encoding') return false
    const coding = fields[i + 1]?.trim().toLowerCase()
    return coding !== '' && coding !== 'identity'
  })
}

class MaskedResponse implements ClientResponse {
  readonly #response: ClientResponse
  readonly #mask: BodyMask

  constructor(response: ClientResponse, mask: BodyMask) {
    this.#response = response
    this.#mask = mask
  }

  get headersSent(): boolean {
    return this.#response.headersSent
  }
  get destroyed(): boolean {
    return this.#response.destroyed
  }
  get writableFinished(): boolean {
    return this.#response.writableFinished
  }
  get shouldKeepAlive(): boolean {
    return this.#response.shouldKeepAlive
  }
  set shouldKeepAlive(keeps: boolean) {
    this.#response.shouldKeepAlive = keeps
  }
  get sendDate(): boolean {
    return this.#response.sendDate
  }
  set sendDate(sends: boolean) {
    this.#response.sendDate = sends
  }

  writeHead(status: number, second: string | string[], third?: string[]): void {
    if (typeof second === 'string') this.#response.writeHead(status, second, third ?? [])
    else this.#response.writeHead(status, second)
  }

  write(chunk: Buffer | string, encoding: BufferEncoding = 'latin1'): boolean {
    if (chunk.length === 0) return this.#response.write(chunk, encoding)
    const masked = this.#mask.next(bytesOf(chunk, encoding))
    return masked.length === 0 || this.#response.write(masked)
  }

  end(chunk: Buffer | string = '', encoding: BufferEncoding = 'latin1'): void {
    const masked = this.#mask.next(bytesOf(chunk, encoding))
    this.#response.end(Buffer.concat([masked, this.#mask.last()]))
  }

  addTrailers(trailers: [string, string][]): void {
    this.#response.addTrailers(trailers)
  }
  once(event: 'drain' | 'close' | 'finish', listener: () => void): this {
    this.#response.once(event, listener)
    return this
  }
  setTimeout(ms: number, stalled: () => void): void {
    this.#response.setTimeout(ms, stalled)
  }
  destroy(): void {
    this.#response.destroy()
  }
}

function bytesOf(chunk: Buffer | string, encoding: BufferEncoding): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
}
