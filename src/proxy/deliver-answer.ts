import { CLIENT_STALL_MS } from '../kernel/limits.ts'
import type { ClientResponse } from './client-message.ts'
import { FieldNames } from './field-names.ts'
import { endToEndTrailers } from './hop-headers.ts'
import { type Echoes, maskEcho } from './mask-echo.ts'

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
  readonly #echoes: Echoes
  readonly #done: (delivery: Delivery) => void
  #draining = false
  #ended = false
  #timed = false

  constructor(
    response: ClientResponse,
    source: Source | null,
    echoes: Echoes,
    done: (delivery: Delivery) => void,
  ) {
    this.#response = response
    this.#source = source
    this.#echoes = echoes
    this.#done = done
  }

  /** Whether nothing that was written is still needed here. */
  get hasPassedOn(): boolean {
    return this.#response.hasPassedOn === true
  }

  /** False: the client does not keep up. The upstream goes on when it does again. */
  write(chunk: Buffer): boolean {
    if (this.#response.write(chunk)) return true
    if (!this.#draining) {
      this.#draining = true
      if (!this.#timed) this.#response.setTimeout(CLIENT_STALL_MS, this.#stalled)
      this.#timed = true
      this.#response.once('drain', () => {
        this.#draining = false
        this.#source?.resume()
      })
    }
    return false
  }

  end(trailers: readonly string[]): void {
    this.#ended = true
    sendTrailers(this.#response, trailers, this.#echoes)
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

  /** An upstream that is silent is no fault of the client. */
  readonly #stalled = (): void => {
    if (this.#draining || this.#ended) this.#response.destroy()
  }
}

/** What follows the body, every echo of a secret masked in it too; to be called before the answer is ended. */
export function sendTrailers(
  response: ClientResponse,
  trailers: readonly string[],
  echoes: Echoes,
): void {
  if (trailers.length === 0) return
  const kept = endToEndTrailers(trailers, NONE)
  maskEcho(kept, '', echoes)
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < kept.length; i += 2) pairs.push([kept[i] ?? '', kept[i + 1] ?? ''])
  response.addTrailers(pairs)
}

const NONE = new FieldNames([])
