import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { inOwnMemory } from './own-memory.ts'

/**
 * An upstream connection that speaks another protocol now: bytes both ways, with back-pressure, and with an end of each
 * direction. The connection goes on reading, since its buffer can't be taken from its socket, and tells what has arrived.
 */
export class UpgradedStream extends Duplex {
  readonly #socket: Socket
  #ended = false

  constructor(socket: Socket) {
    super({ allowHalfOpen: true })
    this.#socket = socket
    socket.allowHalfOpen = true
    // The silence limits of requests do not hold any more; whoever joins both sides has limits of its own.
    socket.removeAllListeners('timeout').setTimeout(0)
    socket.once('end', () => {
      this.#ended = true
      this.push(null)
    })
    socket.once('close', () => {
      // What it has sent before its end is still to be read.
      if (this.#ended && !this.readableEnded) this.once('end', () => this.destroy())
      else this.destroy()
    })
  }

  /** Takes bytes that are only there during the call. False: no more until they are asked for. */
  arrived(bytes: Buffer): boolean {
    if (this.destroyed || this.readableEnded) return true
    return this.push(inOwnMemory([bytes]))
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#socket.destroyed) done()
    else this.#socket.write(chunk, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#socket.destroyed) done()
    else this.#socket.end(() => done())
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }
}
