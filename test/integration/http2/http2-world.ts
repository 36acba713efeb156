import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { ConnectWorld } from '../proxy/connect-world.ts'
import { type Frame, frame, PREFACE, readFrames, SETTINGS } from './frames.ts'

export const API = 'api.partner.example'

/** A connection to the proxy on which HTTP/2 was agreed, inside CONNECT. */
export async function openTunnel(world: ConnectWorld, servername = API): Promise<TLSSocket> {
  const { socket } = await world.connect(`${API}:443`)
  return world.secure(socket, servername, ['h2', 'http/1.1'])
}

/** The same on the TLS listener. */
export function openDirectly(world: ConnectWorld, servername = API): Promise<TLSSocket> {
  const { address = '', port } = world.bench.plane.bound.get(TLS_LISTEN) ?? {}
  return world.secure(connect(port ?? 0, address), servername, ['h2'])
}

/** Another loopback address, so that both listeners can have the port 0 under names of their own. */
export const TLS_LISTEN = '127.0.0.2:0'

/** A session of Node's on a connection. */
export function sessionOn(socket: TLSSocket, authority = API): ClientHttp2Session {
  const session = connectHttp2(`https://${authority}`, { createConnection: () => socket })
  session.on('error', () => {})
  return session
}

export interface Answer2 {
  readonly status: number
  readonly fields: readonly string[]
  readonly trailers: readonly string[]
  readonly body: Buffer
  /** The code of the reset that ended it; 0: it ended as it should. */
  readonly reset: number
  /** Whether the head was all there was. */
  readonly headOnly: boolean
}

/** One request, and all of its answer. */
export function ask(
  session: ClientHttp2Session,
  options: {
    readonly method?: string
    readonly path?: string
    readonly fields?: readonly string[]
    readonly body?: string | Buffer
  } = {},
): Promise<Answer2> {
  const { method = 'GET', path = '/v1/things', fields = [], body } = options
  const authority = fields.includes(':authority') ? [] : [':authority', API]
  return new Promise((resolve) => {
    const stream = session.request(
      [':method', method, ':scheme', 'https', ':path', path, ...authority, ...fields],
      { endStream: body === undefined },
    )
    const chunks: Buffer[] = []
    let status = 0
    let head: readonly string[] = []
    let trailers: readonly string[] = []
    let headOnly = false
    stream.on('response', (_fields, flags, raw) => {
      status = Number(raw[1])
      head = raw.slice(2)
      headOnly = (flags & 1) !== 0
    })
    stream.on('trailers', (_trailers, _flags, raw) => {
      trailers = raw
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', () => {})
    stream.on('close', () => {
      const reset = stream.rstCode ?? 0
      resolve({ status, fields: head, trailers, body: Buffer.concat(chunks), reset, headOnly })
    })
    if (body !== undefined) stream.end(body)
  })
}

/** What comes back to frames of one's own, until `until` fits one of them or the connection ends. */
export function exchangeFrames(
  socket: TLSSocket,
  frames: readonly Buffer[],
  until: (frame: Frame) => boolean,
): Promise<readonly Frame[]> {
  return new Promise((resolve) => {
    const seen: Frame[] = []
    let rest: Buffer = Buffer.alloc(0)
    const done = (): void => resolve(seen)
    socket.on('data', (chunk: Buffer) => {
      const read = readFrames(Buffer.concat([rest, chunk]))
      rest = read.rest
      seen.push(...read.frames)
      if (read.frames.filter(until).length > 0) done()
    })
    socket.once('close', done)
    socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0), ...frames]))
  })
}

/** The value of a field, as the first of its name says it. */
export function valueOf(fields: readonly string[], name: string): string | null {
  const at = fields.findIndex((each, i) => i % 2 === 0 && each === name)
  return at < 0 ? null : (fields[at + 1] ?? null)
}
