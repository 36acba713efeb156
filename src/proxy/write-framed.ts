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
  const whole = typeof piece === 'string' ? Buffer.from(piece, encoding) : piece
  const bytes = waits(socket) ? inLeanMemory(whole) : whole
  if (framing !== 'chunked') {
    socket.write(bytes)
    return keepsUp(socket)
  }
  socket.cork()
  socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
  socket.write(bytes)
  const accepted = socket.write('\r\n', 'latin1')
  // The other chunks of one read go with it.
  process.nextTick(uncork, socket)
  return accepted
}

/** What the system has taken at once was not too much, however large it was. */
export function keepsUp(socket: Socket): boolean {
  return socket.writableLength === 0 || !socket.writableNeedDrain
}

/**
 * Whether something that came earlier has not gone out yet. Pieces of one read follow each other in memory, as they do
 * here: only the first of them can find that.
 */
function waits(stream: Writable): boolean {
  return stream.writableLength > 0 && stream.writableCorked === 0
}

function uncork(socket: Socket): void {
  socket.uncork()
}
