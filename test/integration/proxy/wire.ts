import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** One connection, byte by byte: what has come on it so far, and ways to wait for more. */
export class Line {
  readonly socket: Socket
  text = ''
  /** Whether the other side has said that no more will come. */
  ended = false
  closed = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (data: Buffer) => (this.text += data.toString('latin1')))
    socket.on('end', () => (this.ended = true))
    socket.on('close', () => (this.closed = true))
  }

  write(bytes: string | Buffer): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    return this
  }

  /** What has come, once it looks so; what came until the end, where it never does. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text) && !this.closed) {
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')])
    }
    return this.text
  }

  async untilClosed(): Promise<string> {
    if (!this.closed) await once(this.socket, 'close')
    return this.text
  }
}

/** Clients' and upstreams' connections that a test plays itself; `stop` ends them all. */
export class Lines {
  readonly #sockets: Socket[] = []
  #server: Server | null = null

  /** A connection to the proxy. */
  async dial(port: number, allowHalfOpen = false): Promise<Line> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen, noDelay: true })
    this.#sockets.push(socket)
    const line = new Line(socket)
    await once(socket, 'connect')
    return line
  }

  /** An upstream. @returns its origin, and a way to wait for its next connection */
  async upstream(): Promise<{ readonly origin: string; readonly accept: () => Promise<Line> }> {
    const accepted: Line[] = []
    const server = createServer((socket) => {
      this.#sockets.push(socket)
      accepted.push(new Line(socket))
      server.emit('accepted')
    })
    this.#server = server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const accept = async (): Promise<Line> => {
      for (;;) {
        const next = accepted.shift()
        if (next !== undefined) return next
        await once(server, 'accepted')
      }
    }
    return { origin: `http://127.0.0.1:${port}`, accept }
  }

  stop(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy()
    this.#server?.close()
    this.#server = null
  }
}
