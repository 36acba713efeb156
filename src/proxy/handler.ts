import type { Clock } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { RouteMeter } from '../kernel/ports/telemetry.ts'
import { authorizeClient } from './authenticate-client.ts'
import { SWITCHING_PROTOCOLS } from './answer-fields.ts'
import type { BodyPaces } from './body-pace.ts'
import type { ClientRequest, ClientResponse } from './client-message.ts'
import type { CompiledEndpoint, CompiledRoute, RouteTable } from './compile-routes.ts'
import type { Entrance } from './entrance.ts'
import { Exchange } from './exchange.ts'
import type { HeldBytes } from './held-bytes.ts'
import { type HeldBody, hasBody, holdBody, NO_BODY, release, requireHeld } from './hold-body.ts'
import { injectCredential } from './inject-credential.ts'
import { clientOf, matchEntrance } from './match-entrance.ts'
import { askForPlainBody, maskBody } from './mask-body.ts'
import { echoesIn } from './mask-echo.ts'
import { type Match, matchEndpoint } from './match-route.ts'
import {
  hasOurTime,
  injectableBody,
  type InjectionPlan,
  planInjection,
  tokensOf,
} from './plan-injection.ts'
import { readHead, type RequestHead } from './read-head.ts'
import type { ReplayBudget } from './replay-budget.ts'
import { respond, respondToServerOptions } from './respond.ts'
import { hasFallback } from './select-credential.ts'
import type { Sending } from './send-version.ts'
import { tryCandidates } from './try-candidates.ts'
import { vetPath } from './vet-path.ts'
import type { WebSockets } from './web-sockets.ts'

export interface HandlerDeps {
  readonly clock: Clock
  readonly log: Log
  /** Meter of requests that no route has taken. */
  readonly unrouted: RouteMeter
  readonly held: HeldBytes
  readonly paces: BodyPaces
  readonly budget: ReplayBudget
  readonly webSockets: WebSockets
}

/**
 * THE MAP: vet → match → body → plan → inject, dispatch, detect, fall back → respond. Whatever a step refuses by
 * throwing becomes an answer in `rescue.ts`, and nowhere else.
 */
export async function handleRequest(
  deps: HandlerDeps,
  table: RouteTable,
  entrance: Entrance,
  request: ClientRequest,
  response: ClientResponse,
): Promise<void> {
  const exchange = new Exchange(deps, response)
  let body: HeldBody = NO_BODY
  try {
    const received = readHead(request)
    if (received.method === 'OPTIONS' && received.target === '*') {
      return exchange.finish(respondToServerOptions(response))
    }
    const client = clientOf(table, received, entrance)
    const match = matchEntrance(table, received, entrance)
    const masks = match.route.maskBody
    const head = masks ? askForPlainBody(received) : received
    exchange.meter = match.route.meter
    authorizeClient(client, match.route.name)
    vetPath(match.path, head.method, match.route.allow)
    const endpoint = matchEndpoint(match.route, match.path)

    const bodyKind = injectableBody(endpoint, head)
    const mustHold = bodyKind !== null || endpoint.needsBody
    if (hasBody(head)) {
      const maxBytes = holdMaxBytes(table, match.route, endpoint, mustHold)
      const { held, paces } = deps
      const proceed = () => response.writeContinue?.()
      const holding = holdBody(request, head, maxBytes, { held, paces, proceed })
      body = holding instanceof Promise ? await holding : holding
      const pace = body.kind === 'streaming' ? body.pace : null
      if (pace !== null) pace.whenSlow = (error) => exchange.cut(error)
    }
    if (mustHold) requireHeld(body)
    const plan = planInjection(match, endpoint, head, bodyKind, body)
    const { credential } = plan
    const { snapshot } = credential
    const answered = await tryCandidates(
      sendingOf(deps, exchange, { match, endpoint, head, body, plan }),
    )
    const echoes = echoesIn(snapshot, credential.snapshot, answered)
    if (answered.attempt.status === SWITCHING_PROTOCOLS) {
      const joined = { meter: exchange.meter, clock: deps.clock, echoes }
      return exchange.finish(deps.webSockets.join(response, answered, joined))
    }
    const shown = masks ? maskBody(response, answered.attempt, head.method, echoes) : response
    const outcome = respond(shown, answered, deps.clock, echoes)
    exchange.finish(typeof outcome === 'string' ? outcome : await outcome)
  } catch (error) {
    exchange.fail(error)
  } finally {
    release(body, deps)
  }
}

/** What is known of a request when it can be sent. */
interface Planned {
  readonly match: Match
  readonly endpoint: CompiledEndpoint
  readonly head: RequestHead
  readonly body: HeldBody
  readonly plan: InjectionPlan
}

function sendingOf(deps: HandlerDeps, exchange: Exchange, planned: Planned): Sending {
  const { clock, budget } = deps
  const { match, endpoint, head, body, plan } = planned
  const { credential } = plan
  const timing = hasOurTime(plan) ? match.route.clock.forRequest() : null
  return {
    exchange,
    credential,
    upstream: match.route.upstream,
    detector: endpoint.detector,
    body,
    budget,
    clock,
    tokens: tokensOf(plan),
    retime: timing && (({ fields }) => timing.refused(fields, clock.now())),
    inject: (candidate, token) =>
      injectCredential(head, match, endpoint, body, plan, candidate, {
        publicValues: credential.snapshot?.publicValues ?? {},
        nowMs: timing?.at(clock.now()) ?? clock.now(),
        token,
      }),
  }
}

/** How much of a body is held, because it is written into or may be sent again; null: nothing has to be. */
function holdMaxBytes(
  table: RouteTable,
  route: CompiledRoute,
  { detector, renews }: CompiledEndpoint,
  mustHold: boolean,
): number | null {
  const mayRepeat = detector !== null && (renews || hasFallback(route))
  return mustHold || mayRepeat ? table.replayBodyMaxBytes : null
}
