import { Attempt, type OutboundRequest } from './attempt.ts'
import type { Lane, UpstreamOrigin } from './upstream-origin.ts'

/** RFC 9110, section 9.2.2: sending these twice does what sending them once does. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** Told of every attempt, so that it can be aborted. */
export interface Tracker {
  track(attempt: Attempt): void
}

/** Sends a request. Where no head of an answer comes (see `Attempt.headless`), `dispatchAgain` may make up for it. */
export function dispatchUpstream(
  upstream: UpstreamOrigin,
  request: OutboundRequest,
  tracker: Tracker,
): Attempt {
  // What becomes another protocol, or waits for its client, must not take a connection that others could use.
  const apart = request.upgrade || isStream(request.body)
  const lane = apart ? 'new' : isIdempotent(request) ? 'any' : 'known'
  return start(upstream, request, lane, tracker)
}

/**
 * Makes up for an attempt that failed, and resolves when the head of an answer is there. A connection that dies before any
 * byte of an answer is made up for once, on a new connection, where the request may be sent twice; so is an upstream that
 * says that it has not processed the request, whatever that is.
 * @throws the attempt's error where it can't be made up for; RefusedError with one of the `upstream-…` codes
 */
export async function dispatchAgain(
  upstream: UpstreamOrigin,
  request: OutboundRequest,
  { failure, headless }: Attempt,
  tracker: Tracker,
): Promise<Attempt> {
  if (failure === 'failed') throw headless
  if (failure === 'lost') upstream.connectionLost()
  const again = failure === 'lost' ? isIdempotent(request) : isRepeatable(request)
  if (!again) throw headless
  const body = request.again?.() ?? request.body
  const second = start(upstream, { ...request, body }, 'new', tracker)
  await second.decided
  if (second.headless !== null) throw second.headless
  return second
}

function isIdempotent({ method, body }: OutboundRequest): boolean {
  return IDEMPOTENT.has(method) && !isStream(body)
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
  tracker: Tracker,
): Attempt {
  const attempt = new Attempt()
  tracker.track(attempt)
  if (!attempt.isOver) upstream.send(attempt, request, lane)
  return attempt
}
