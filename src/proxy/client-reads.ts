import { type Server, Socket, type SocketConstructorOpts } from 'node:net'
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
 * Tells of each connection that a server accepts; all of them read into one buffer. By itself Node takes 64 KiB for each
 * read, cuts them to what has come, and leaves that to the collector; only connections that it opens can be told where to
 * read (`onread`). So what the system has accepted is taken before Node makes a socket of it, as `node:tls` does behind it
 * and a cluster's worker before it, by fields that have no documentation: where one is missing, Node's own sockets go on.
 */
export function lendReads(
  server: Server,
  buffer: Buffer,
  accepted: (reads: ClientReads) => void,
): void {
  server.on('connection', (socket) => accepted(ownReads(socket)))
  server.on('listening', () => {
    if (!isKnown(server)) return
    const { _handle: handle, maxConnections } = server
    const byNode = handle.onconnection
    const gone = (): void => {
      server._connections--
      server._emitCloseIfDrained()
    }
    handle.onconnection = (error, client) => {
      if (error !== 0 || client == null || server._connections >= maxConnections) {
        return byNode.call(handle, error, client)
      }
      client.setNoDelay?.(true)
      server._connections++
      const reads = lentReads(client, buffer)
      // Not before, as Node does it: whoever waits for the end of a connection is told before its server has closed.
      reads.socket.once('close', gone)
      accepted(reads)
    }
  })
}

function lentReads(handle: Accepted, buffer: Buffer): ClientReads {
  let reader: Reader | null = null
  const callback = (length: number): boolean => {
    if (reader === null) return socket.push(inOwnMemory([buffer.subarray(0, length)]))
    reader(buffer, length)
    // Whoever wants no more has paused the socket.
    return true
  }
  const options = { handle, allowHalfOpen: true, onread: { buffer, callback } }
  const socket = new Socket(options as object as SocketConstructorOpts)
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

/** What the system knows a connection by; that of a unix socket has no `setNoDelay`. */
interface Accepted {
  setNoDelay?(enable: boolean): void
}

type OnConnection = (this: object, error: number, client: Accepted | undefined) => void

/** What a server has and does not document. */
interface Listening {
  readonly _handle: { onconnection: OnConnection }
  _connections: number
  _emitCloseIfDrained(): void
}

type Maybe = Partial<Omit<Listening, '_handle'>> & {
  readonly _handle?: Partial<Listening['_handle']> | null
}

function isKnown(server: Server): server is Server & Listening {
  const { _handle: handle, _connections, _emitCloseIfDrained } = server as Server & Maybe
  return ![handle?.onconnection, _connections, _emitCloseIfDrained].includes(undefined)
}
