import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { inLeanMemory } from './own-memory.ts'

/** How a body ends: as announced, by its last chunk, with the connection; or there is none. */
export type Framing = 'length' | 'chunked' | 'close' | 'none'

/** A piece of a body, framed. False: the client does not keep up. */
export function writePiece(
  socket: Socket,
  framing: Framing,
  piece: Buffer | string,
  encoding: BufferEncoding,
): boolean {
  if (piece.length === 0 || framing === 'none' || socket.destroyed) return true
  const given = typeof piece === 'string' ? Buffer.from(piece, encoding) : piece
  const behind = isBehind(socket)
  const bytes = behind ? inLeanMemory(given) : given
  if (framing !== 'chunked') {
    socket.write(bytes)
    return keepsUp(socket)
  }
  // What waits goes out together anyway; and not corked, the next piece of this turn sees that it is behind, too.
  if (behind) return writeChunk(socket, bytes)
  socket.cork()
  const accepted = writeChunk(socket, bytes)
  // The other chunks of one read go with it.
  process.nextTick(uncork, socket)
  return accepted
}

function writeChunk(socket: Socket, bytes: Buffer): boolean {
  socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
  socket.write(bytes)
  return socket.write('\r\n', 'latin1')
}

/** What the system has taken at once was not too much, however large it was. */
export function keepsUp(socket: Socket): boolean {
  return socket.writableLength === 0 || !socket.writableNeedDrain
}

/** Whether something that came in an earlier turn has not gone out yet. */
function isBehind(stream: Writable): boolean {
  return stream.writableLength > 0 && stream.writableCorked === 0
}

function uncork(socket: Socket): void {
  socket.uncork()
}
