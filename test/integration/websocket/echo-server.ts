import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** RFC 6455, section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** A WebSocket server that sends every text message back, as long as the handshake carries an accepted key. */
export class EchoServer {
  readonly handshakes: IncomingMessage[] = []
  /** Sockets of those that were let in. */
  readonly sockets: Socket[] = []
  readonly #server: Server = createServer((_request, response) => {
    response.writeHead(426).end('plain')
  })

  /** @param accepts the values of `X-Api-Key` that are let in; others get a 401 with a body */
  constructor(accepts: readonly string[], greeting: Buffer = Buffer.alloc(0)) {
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.handshakes.push(request)
      socket.on('error', () => {})
      if (!accepts.includes(String(request.headers['x-api-key']))) {
        socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 7\r\n\r\nrefused')
        return
      }
      this.sockets.push(socket)
      const key = String(request.headers['sec-websocket-key'])
      const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64')
      const fields = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`
      // The first frame comes with the head, in one segment.
      socket.write(
        Buffer.concat([Buffer.from(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n`), greeting]),
      )
      if (head.length > 0) socket.unshift(head)
      echoFrames(socket)
    })
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy()
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

/** One unmasked frame, as a server sends it; `opcode` 1 is text, 8 is the end. RFC 6455, section 5.2. */
export function frame(opcode: number, payload: Buffer | string): Buffer {
  const bytes = Buffer.from(payload)
  const size = Buffer.alloc(bytes.length < 126 ? 0 : 8)
  if (size.length > 0) size.writeBigUInt64BE(BigInt(bytes.length))
  return Buffer.concat([
    Buffer.from([0x80 | opcode, size.length > 0 ? 127 : bytes.length]),
    size,
    bytes,
  ])
}

function echoFrames(socket: Socket): void {
  let received = Buffer.alloc(0)
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data])
    for (let taken = takeFrame(received); taken !== null; taken = takeFrame(received)) {
      received = received.subarray(taken.bytes)
      socket.write(frame(taken.opcode, taken.payload))
      if (taken.opcode === 8) socket.end()
    }
  })
  socket.on('end', () => socket.end())
}

/** A masked frame of a client. */
function takeFrame(from: Buffer): { opcode: number; payload: Buffer; bytes: number } | null {
  if (from.length < 2) return null
  const code = (from[1] ?? 0) & 0x7f
  const sizeBytes = code === 126 ? 2 : code === 127 ? 8 : 0
  if (from.length < 2 + sizeBytes) return null
  const length =
    code === 126 ? from.readUInt16BE(2) : code === 127 ? Number(from.readBigUInt64BE(2)) : code
  const start = 2 + sizeBytes + 4
  if (from.length < start + length) return null
  const mask = from.subarray(start - 4, start)
  const payload = Buffer.from(from.subarray(start, start + length))
  for (let i = 0; i < length; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i % 4] ?? 0)
  return { opcode: (from[0] ?? 0) & 0x0f, payload, bytes: start + length }
}
