import { Socket, type SocketConstructorOpts } from 'node:net'
import { Duplex } from 'node:stream'
import { inOwnMemory } from './own-memory.ts'

/** Takes the first `length` bytes of a buffer, which are there only during the call. */
export type Reader = (buffer: Buffer, length: number) => void

/** What arrives on a client's connection. */
export interface ClientReads {
  readonly socket: Socket
  /** From here on it goes to `reader`. Once. */
  begin(reader: Reader): void
  /** From here on it waits in the socket, as on any other, for whoever has that. */
  end(): void
}

/** Of a socket that reads into memory of its own, such as the inside of TLS. */
export function ownReads(socket: Socket): ClientReads {
  let told: ((chunk: Buffer) => void) | null = null
  return {
    socket,
    begin(reader) {
      told = (chunk) => reader(chunk, chunk.length)
      socket.on('data', told)
    },
    end() {
      if (told !== null) socket.off('data', told)
    },
  }
}

/**
 * Of a connection that was just accepted, and paused for that: all of them read into one buffer. By itself Node takes 64 KiB
 * for each read, cuts them to what has come, and leaves that to the collector; only connections that it opens can be told
 * where to read (`onread`). So what it has accepted goes on in another socket, as it does in `node:tls` and in a cluster's
 * workers, by a field that has no documentation: where that is missing, the socket goes on by itself.
 */
export function lentReads(accepted: Accepted, buffer: Buffer): ClientReads {
  const { _handle: handle } = accepted
  if (handle == null) {
    accepted.resume()
    return ownReads(accepted)
  }
  accepted._handle = null
  let reader: Reader | null = null
  const callback = (length: number): boolean => {
    if (reader === null) return socket.push(inOwnMemory([buffer.subarray(0, length)]))
    reader(buffer, length)
    // Whoever wants no more has paused the socket.
    return true
  }
  const options = { handle, allowHalfOpen: true, onread: { buffer, callback } }
  const socket = new Socket(options as object as SocketConstructorOpts)
  // Its server counts it until then.
  socket.once('close', () => accepted.destroy())
  return {
    socket,
    begin(to) {
      reader = to
    },
    end() {
      reader = null
      // Where bytes have a place to wait, a pause goes on reading until that is full, and sees whether the client has left.
      socket.pause = pauseStream
    },
  }
}

function pauseStream<T extends Socket>(this: T): T {
  Duplex.prototype.pause.call(this)
  return this
}

/** What the system knows the connection by. */
export type Accepted = Socket & { _handle?: object | null }
