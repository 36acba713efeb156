import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { RequestOutcome, RouteMeter } from '../kernel/ports/telemetry.ts'
import { RefusedError } from '../kernel/errors.ts'
import type { RouteTable } from './compile-routes.ts'
import { dispatchUpstream } from './dispatch-upstream.ts'
import { endToEndResponseFields } from './hop-headers.ts'
import { injectCredential } from './inject-credential.ts'
import { maskEcho } from './mask-echo.ts'
import { matchEndpoint, matchRoute } from './match-route.ts'
import { readHead } from './read-head.ts'
import { rescue, sendRefusal } from './rescue.ts'
import { vetPath } from './vet-path.ts'

export interface HandlerDeps {
  readonly clock: Clock
  readonly log: Log
  /** Meter of requests that no route has taken. */
  readonly unrouted: RouteMeter
}

/** THE MAP. */
export async function handleRequest(
  deps: HandlerDeps,
  table: RouteTable,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<RequestOutcome> {
  try {
    const head = readHead(request)
    const match = matchRoute(table, head)
    const endpoint = matchEndpoint(match.route, match.path)
    vetPath(match.path, head.method, match.route.allow)
    const view = match.route.credentials[0]
    const candidate = view?.snapshot?.candidates[0]
    const placement = endpoint.placements[0]
    if (candidate === undefined || placement === undefined) {
      throw new RefusedError('credential-unavailable', 'the credential has no usable version')
    }
    const outbound = injectCredential(head, match, endpoint, { kind: 'none' }, placement, candidate)
    const body = head.contentLength !== null || head.chunked ? request : null
    const attempt = dispatchUpstream(match.route.upstream, { ...outbound, body })
    response.once('close', () => attempt.abort(new Error('client gone')))
    await attempt.head
    const fields = endToEndResponseFields(attempt.rawFields)
    const reason = maskEcho(fields, attempt.reason, view?.snapshot?.echo ?? null)
    await attempt.deliver(response, fields, reason)
    return 'success'
  } catch (error) {
    const refused = rescue(error)
    deps.log.debug('request refused', { reason: refused.code })
    sendRefusal(response, refused)
    return 'refused'
  }
}
