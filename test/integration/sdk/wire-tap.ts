import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A request as it stood on the wire. */
export interface WireRequest {
  readonly method: string
  readonly target: string
  readonly fields: readonly (readonly [string, string])[]
  readonly body: Buffer
}

/** Stands between a client and a server, passes every byte on, and keeps a copy of both directions. */
export class WireTap {
  readonly #target: URL
  readonly #connections: { readonly sent: Buffer[]; readonly received: Buffer[] }[] = []
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((client) => this.#join(client))

  constructor(target: string) {
    this.#target = new URL(target)
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Every byte that servers have answered. */
  get received(): string {
    return this.#connections.map(({ received }) => Buffer.concat(received).toString()).join('\n')
  }

  /** Every byte that clients have sent. */
  get sent(): string {
    return this.#connections.map(({ sent }) => Buffer.concat(sent).toString()).join('\n')
  }

  /**
   * What clients have sent, one connection after the other.
   * @throws Error when the bytes are not requests whose Content-Length fits their bodies to the byte
   */
  get requests(): readonly WireRequest[] {
    return this.#connections.flatMap(({ sent }) => parseRequests(Buffer.concat(sent)))
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #join(client: Socket): void {
    const connection = { sent: [] as Buffer[], received: [] as Buffer[] }
    this.#connections.push(connection)
    const server = connect(Number(this.#target.port), this.#target.hostname)
    client.on('data', (chunk: Buffer) => connection.sent.push(chunk))
    server.on('data', (chunk: Buffer) => connection.received.push(chunk))
    client.pipe(server)
    server.pipe(client)
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
  }
}

const HEAD_END = '\r\n\r\n'

function parseRequests(bytes: Buffer): readonly WireRequest[] {
  const requests: WireRequest[] = []
  for (let at = 0; at < bytes.length;) {
    const headEnd = bytes.indexOf(HEAD_END, at)
    if (headEnd === -1) throw new Error('bytes behind the last request')
    const [line = '', ...lines] = bytes.toString('latin1', at, headEnd).split('\r\n')
    const [method = '', target = '', version] = line.split(' ')
    if (version !== 'HTTP/1.1') throw new Error(`no request line: ${line}`)
    const fields = lines.map((each): readonly [string, string] => {
      const colon = each.indexOf(':')
      return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()]
    })
    const lengths = valuesOf({ fields }, 'content-length')
    if (lengths.length > 1 || valuesOf({ fields }, 'transfer-encoding').length > 0) {
      throw new Error(`framed in another way: ${line}`)
    }
    const bodyStart = headEnd + HEAD_END.length
    at = bodyStart + Number(lengths[0] ?? 0)
    if (at > bytes.length) throw new Error(`body shorter than its Content-Length: ${line}`)
    requests.push({ method, target, fields, body: bytes.subarray(bodyStart, at) })
  }
  return requests
}

/** Values of one field, by its lower-case name. */
export function valuesOf(request: Pick<WireRequest, 'fields'>, name: string): readonly string[] {
  return request.fields.filter(([field]) => field === name).map(([, value]) => value)
}
