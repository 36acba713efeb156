import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { unreachable } from '../../kernel/errors.ts'
import type { Clock } from '../../kernel/ports/clock.ts'
import { Call } from '../vonage/call.ts'
import { type Fault, FaultDesk, type FaultOrder, faultOrderSchema } from '../vonage/fault-desk.ts'
import { jsonReply, type Reply } from '../vonage/reply.ts'

/** Longer than clients keep their connections, so that it is never the emulator that closes an idle one. */
const KEEP_ALIVE_MS = 120_000
const CALL_BODY_MAX_BYTES = 64 * 1024
const REQUESTS_MAX = 1_000
const RETRY_AFTER_SECONDS = 15
const CONTROL_PREFIX = '/__emulator/'

/** A call that has been understood and not yet performed, so that a fault can come in between. */
export interface FoundOperation {
  /** A name such as `secrets.create`. */
  readonly operation: string
  perform(): Reply
}

/** A small service behind the emulator: what it answers, and how it words what goes wrong. */
export interface RestService {
  /** Null where nothing answers at that path. */
  find(call: Call): FoundOperation | null
  /** An answer in which nothing was performed: 404, 429, 5xx. */
  refuse(status: number): Reply
  /** What it holds, without any value. */
  state(): unknown
}

/** One call that arrived; never a value. */
export interface ArrivedRequest {
  readonly method: string
  readonly path: string
  readonly operation: string | null
  /** 0 where no answer was sent. */
  readonly status: number
  readonly fault: Fault['kind'] | null
}

export interface RestEmulator {
  readonly port: number
  readonly url: string
  fault(order: FaultOrder): void
  /** The newest calls, the newest last. */
  requests(): readonly ArrivedRequest[]
  /** Ends every connection, the hanging ones too. */
  close(): Promise<void>
}

export interface RestEmulatorOptions {
  /** 0 to 65535; default 0, a free one. */
  readonly port?: number
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string
  readonly clock: Clock
}

/**
 * Puts a service behind a port, with faults to order: in process, or by `POST /__emulator/faults`; `GET
 * /__emulator/state` and `/__emulator/requests` tell what happened.
 * @throws Error of `listen`, such as EADDRINUSE
 */
export async function startRestEmulator(
  service: RestService,
  { port = 0, host = '127.0.0.1', clock }: RestEmulatorOptions,
): Promise<RestEmulator> {
  const desk: Desk = { service, clock, faults: new FaultDesk(), requests: [] }
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    whenWhole(request, response, (body) => serve(desk, request, response, body))
  })
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  const taken = typeof address === 'object' && address !== null ? address.port : port
  return {
    port: taken,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    fault: (order) => desk.faults.order(order),
    requests: () => desk.requests,
    close: () => close(server),
  }
}

interface Desk {
  readonly service: RestService
  readonly clock: Clock
  readonly faults: FaultDesk
  readonly requests: ArrivedRequest[]
}

function whenWhole(
  request: IncomingMessage,
  response: ServerResponse,
  use: (body: Buffer) => void,
): void {
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= CALL_BODY_MAX_BYTES) chunks.push(chunk)
  })
  request.on('end', () => {
    if (bytes > CALL_BODY_MAX_BYTES) response.writeHead(413).end()
    else use(Buffer.concat(chunks))
  })
  // A client that goes away mid-request has asked for nothing.
  request.on('error', () => response.destroy())
}

/** understand → fault → perform → record → answer */
function serve(desk: Desk, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const call = new Call(request.method ?? 'GET', request.url ?? '/', request.headers, body)
  if (call.path.startsWith(CONTROL_PREFIX)) return send(response, control(desk, call))
  const found = desk.service.find(call)
  const fault = desk.faults.take(found?.operation ?? '', () => [])
  const perform = () => found?.perform() ?? desk.service.refuse(404)
  const record = (status: number): void => {
    const { method, path } = call
    const kind = fault?.kind ?? null
    desk.requests.push({ method, path, operation: found?.operation ?? null, status, fault: kind })
    if (desk.requests.length > REQUESTS_MAX) desk.requests.shift()
  }
  const answer = (reply: Reply): void => {
    record(reply.status)
    send(response, reply)
  }
  if (fault === null) return answer(perform())
  meet(desk, fault, { perform, answer, record, response })
}

interface Exchange {
  readonly perform: () => Reply
  readonly answer: (reply: Reply) => void
  readonly record: (status: number) => void
  readonly response: ServerResponse
}

function meet(desk: Desk, fault: Fault, exchange: Exchange): void {
  const { perform, answer, record, response } = exchange
  const lose = () => {
    perform()
    record(0)
    response.destroy()
  }
  switch (fault.kind) {
    case 'lose-answer':
      return lose()
    case 'lose-request':
      record(0)
      response.destroy()
      return
    case 'late-request':
      // The client gives up at once; its request is performed later, as a network may do.
      response.destroy()
      desk.clock.after(fault.delayMs, lose)
      return
    case 'delay':
      desk.clock.after(fault.delayMs, () => answer(perform()))
      return
    case 'hang':
      return record(0)
    case 'throttle':
      return answer(throttled(desk, fault.retryAfterSeconds ?? RETRY_AFTER_SECONDS))
    case 'error':
      return answer(desk.service.refuse(fault.status ?? 503))
    case 'answer':
      return answer({
        status: fault.status ?? 200,
        headers: { 'content-type': fault.contentType },
        body: fault.body,
      })
    default:
      return unreachable(fault.kind)
  }
}

function throttled({ service }: Desk, seconds: number): Reply {
  const reply = service.refuse(429)
  return { ...reply, headers: { ...reply.headers, 'retry-after': String(seconds) } }
}

function control({ service, faults, requests }: Desk, call: Call): Reply {
  switch (`${call.method} ${call.path.slice(CONTROL_PREFIX.length)}`) {
    case 'GET state':
      return jsonReply(200, service.state())
    case 'GET requests':
      return jsonReply(200, { requests })
    case 'DELETE faults':
      faults.clear()
      return jsonReply(200, { faults: [] })
    case 'POST faults': {
      const order = faultOrderSchema.safeParse(call.json)
      if (!order.success) return jsonReply(400, { error: 'bad-order' })
      faults.order(order.data)
      return jsonReply(201, { faults: faults.pending.map(({ fault }) => fault) })
    }
    default:
      return jsonReply(404, { error: 'unknown-order' })
  }
}

function send(response: ServerResponse, reply: Reply): void {
  const length = { 'content-length': Buffer.byteLength(reply.body) }
  response.writeHead(reply.status, { ...reply.headers, ...(reply.status === 204 ? {} : length) })
  response.end(reply.body)
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
