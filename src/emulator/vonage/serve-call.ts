import type { IncomingMessage, ServerResponse } from 'node:http'
import { unreachable } from '../../kernel/errors.ts'
import { type Understood, understand } from './answer-call.ts'
import type { Attempt } from './authenticate.ts'
import { Call } from './call.ts'
import type { Fault } from './fault-desk.ts'
import type { OperationTable } from './operation.ts'
import { jsonReply, type Reply } from './reply.ts'
import type { World } from './world.ts'

/** No call of these APIs is larger. */
export const CALL_BODY_MAX_BYTES = 1024 * 1024

/** Serves one request: understand → fault → perform → record → answer. */
export function serveCall(
  world: World,
  table: OperationTable,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
): void {
  const call = new Call(request.method ?? 'GET', request.url ?? '/', request.headers, body)
  if (world.journal.watches) world.journal.inspect(() => textsOf(request, body))
  const understood = understand(world, table, call)
  const fault = world.faults.take(understood.operation?.name ?? '', () => understood.accounts())
  const exchange: Exchange = { world, call, understood, fault, response }
  if (fault === null) answer(exchange)
  else meet(fault, exchange)
}

interface Exchange {
  readonly world: World
  readonly call: Call
  readonly understood: Understood
  readonly fault: Fault | null
  readonly response: ServerResponse
}

function meet(fault: Fault, exchange: Exchange): void {
  const { world, response } = exchange
  switch (fault.kind) {
    case 'lose-answer':
      return loseAnswer(exchange)
    case 'lose-request':
      record(exchange, null, 0)
      response.destroy()
      return
    case 'late-request':
      // The client gives up at once; its request is performed later, as a network may do.
      response.destroy()
      world.clock.after(fault.delayMs, () => loseAnswer(exchange))
      return
    case 'delay':
      world.clock.after(fault.delayMs, () => answer(exchange))
      return
    case 'hang':
      return record(exchange, null, 0)
    case 'throttle':
    case 'error':
    case 'answer': {
      const reply = fakedReply(world, fault)
      record(exchange, null, reply.status)
      return send(world, response, reply)
    }
    default:
      return unreachable(fault.kind)
  }
}

function answer(exchange: Exchange): void {
  const outcome = exchange.understood.perform()
  record(exchange, outcome.attempt, outcome.reply.status)
  send(exchange.world, exchange.response, outcome.reply)
}

function loseAnswer(exchange: Exchange): void {
  record(exchange, exchange.understood.perform().attempt, 0)
  exchange.response.destroy()
}

function record(exchange: Exchange, attempt: Attempt | null, status: number): void {
  const { world, call, understood, fault } = exchange
  world.journal.record({
    atMs: world.clock.now(),
    method: call.method,
    path: call.path,
    operation: understood.operation?.name ?? null,
    account: attempt?.key ?? null,
    secretId: attempt?.secret?.id ?? null,
    placement: attempt?.placement ?? null,
    refused: attempt !== null && attempt.kind !== 'accepted',
    status,
    fault: fault?.kind ?? null,
  })
}

/** An answer in which nothing was performed. */
function fakedReply(world: World, fault: Fault): Reply {
  if (fault.kind === 'answer') {
    const headers = { 'content-type': fault.contentType }
    return { status: fault.status ?? 200, headers, body: fault.body }
  }
  const seconds = fault.retryAfterSeconds ?? (fault.kind === 'throttle' ? 15 : null)
  const status = fault.kind === 'throttle' ? 429 : (fault.status ?? 503)
  const reply = jsonReply(status, {
    type: `https://developer.vonage.com/api-errors#${status === 429 ? 'throttled' : 'internal-error'}`,
    title: status === 429 ? 'Rate Limit Hit' : 'Internal Error',
    detail: 'Please wait, then retry your request',
    instance: world.random.id(),
  })
  return seconds === null ? reply : { ...reply, headers: throttleHeaders(world, seconds) }
}

function throttleHeaders(world: World, seconds: number): Readonly<Record<string, string>> {
  return {
    'content-type': world.settings.problemType,
    'retry-after': String(seconds),
    'x-ratelimit-limit': '30',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(world.clock.now() + seconds * 1000),
  }
}

function send(world: World, response: ServerResponse, reply: Reply): void {
  const headers: Record<string, string | number> = {
    ...reply.headers,
    'x-request-id': world.random.id(),
  }
  if (reply.status !== 204) headers['content-length'] = Buffer.byteLength(reply.body)
  response.writeHead(reply.status, headers)
  response.end(reply.body)
}

/** Everything in which a text could have arrived; Basic is decoded. */
function textsOf(request: IncomingMessage, body: Buffer): readonly string[] {
  const basic = /^basic +(\S+)/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
  return [
    request.url ?? '',
    request.rawHeaders.join('\n'),
    Buffer.from(basic, 'base64').toString('utf8'),
    body.toString('utf8'),
  ]
}
