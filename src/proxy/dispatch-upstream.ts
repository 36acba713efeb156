import { Attempt, type OutboundRequest } from './attempt.ts'
import type { Lane, UpstreamOrigin } from './upstream-origin.ts'

/** RFC 9110, section 9.2.2: sending these twice does what sending them once does. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/**
 * Sends a request, and resolves when the head of the answer is there. A connection that dies before any byte of an
 * answer is made up for once, on a new connection, where the request may be sent twice; so is an upstream that says that
 * it has not processed the request, whatever that is.
 * @param started told of every attempt, so that it can be aborted
 * @throws RefusedError with one of the `upstream-…` codes
 */
export async function dispatchUpstream(
  upstream: UpstreamOrigin,
  request: OutboundRequest,
  started: (attempt: Attempt) => void,
): Promise<Attempt> {
  const repeatable = IDEMPOTENT.has(request.method) && !isStream(request.body)
  // What becomes another protocol, or waits for its client, must not take a connection that others could use.
  const apart = request.upgrade || isStream(request.body)
  const lane = apart ? 'new' : repeatable ? 'any' : 'known'
  const attempt = start(upstream, request, lane, started)
  try {
    await attempt.head
    return attempt
  } catch (error) {
    if (attempt.failure === 'failed') throw error
    if (attempt.failure === 'lost') upstream.connectionLost()
    const again = attempt.failure === 'lost' ? repeatable : isRepeatable(request)
    if (!again) throw error
  }
  const body = request.again?.() ?? request.body
  const second = start(upstream, { ...request, body }, 'new', started)
  await second.head
  return second
}

function isStream(body: OutboundRequest['body']): boolean {
  return body !== null && !Buffer.isBuffer(body)
}

/** Whether a request that nobody has processed can be sent once more. */
function isRepeatable({ body, again }: OutboundRequest): boolean {
  return !isStream(body) || again !== null
}

function start(
  upstream: UpstreamOrigin,
  request: OutboundRequest,
  lane: Lane,
  started: (attempt: Attempt) => void,
): Attempt {
  const attempt = new Attempt()
  started(attempt)
  if (!attempt.isOver) upstream.send(attempt, request, lane)
  return attempt
}
