import type { CompiledEndpoint } from './compile-routes.ts'
import type { Candidate } from './credential-snapshot.ts'
import type { OutboundRequest } from './attempt.ts'
import type { FieldNames } from './field-names.ts'
import type { HeldBody } from './hold-body.ts'
import { endToEndFields, endToEndTrailers } from './hop-headers.ts'
import type { Match } from './match-route.ts'
import type { InjectionPlan } from './plan-injection.ts'
import type { RequestHead } from './read-head.ts'
import type { RenderedPairs } from './render-credential.ts'
import { signCallerParameters } from './sign-caller-parameters.ts'
import { spliceJson } from './splice-json.ts'
import { spliceParameters } from './splice-parameters.ts'
import { isComputed, type Moment, writeComputed } from './write-computed.ts'

/**
 * Writes one version into the planned placement of a request. The caller's own credential is replaced there and taken
 * out of every other placement; all other bytes stay.
 */
export function injectCredential(
  head: RequestHead,
  match: Match,
  endpoint: CompiledEndpoint,
  body: HeldBody,
  plan: InjectionPlan,
  candidate: Candidate,
  moment: Moment,
): OutboundRequest {
  const { placement } = plan
  const pairs = pairsOf(plan, endpoint, candidate, moment)
  const fields = endToEndFields(head.fields, head.connection, endpoint.credentialNames)
  if (placement.kind === 'header') fields.push(placement.name, candidate.headerText(placement))
  const outbound: OutboundRequest = {
    method: head.method,
    target: withQuery(match.path, queryFor(match.query, endpoint, pairs)),
    fields,
    body: bodyFor(body, endpoint, plan, pairs),
    bodyLength: body.kind === 'streaming' ? body.length : null,
    expectContinue: body.kind === 'streaming' && body.heldBack,
    upgrade: head.upgrade,
    trailers: trailersOf(body, endpoint.credentialNames),
    again: againOf(body),
  }
  return isComputed(placement)
    ? writeComputed(placement, outbound, head, match, candidate, moment)
    : outbound
}

/** What is written into parameters; null where that is nothing, or needs the rest of the request. */
function pairsOf(
  { placement, parts }: InjectionPlan,
  endpoint: CompiledEndpoint,
  candidate: Candidate,
  { publicValues, nowMs }: Moment,
): RenderedPairs | null {
  if (placement.kind === 'header' || isComputed(placement)) return null
  if (placement.kind !== 'signed-parameters') return candidate.pairs(placement)
  const written = {
    query: endpoint.parameterNames,
    form: endpoint.fieldNames,
    json: endpoint.pointers,
  }[placement.place]
  const { version } = candidate
  return signCallerParameters(placement, parts, written, version, publicValues, nowMs)
}

/** Of most requests there are none, which is known when their body is held. */
function trailersOf(body: HeldBody, credentialNames: FieldNames): OutboundRequest['trailers'] {
  if (body.kind === 'none') return null
  if (body.kind === 'held') {
    const { trailers = NO_TRAILERS } = body
    return trailers.length === 0 ? null : () => endToEndTrailers(trailers, credentialNames)
  }
  const raw = body.kind === 'streaming' ? body.trailers : () => body.recording.trailers
  return raw === undefined ? null : () => endToEndTrailers(raw(), credentialNames)
}

const NO_TRAILERS: readonly string[] = []

function againOf(body: HeldBody): OutboundRequest['again'] {
  if (body.kind !== 'recorded') return null
  const { recording } = body
  return recording.isWhole ? () => recording.read() : null
}

function withQuery(path: string, query: string | null): string {
  return query === null ? path : `${path}?${query}`
}

function queryFor(
  query: string | null,
  endpoint: CompiledEndpoint,
  rendered: RenderedPairs | null,
): string | null {
  const pairs = pairsFor('query', rendered)
  if (pairs === null && (query === null || endpoint.parameterNames.size === 0)) return query
  const spliced = spliceParameters(query ?? '', endpoint.parameterNames, pairs)
  return spliced === '' && query !== '' ? null : spliced
}

function bodyFor(
  body: HeldBody,
  endpoint: CompiledEndpoint,
  plan: InjectionPlan,
  rendered: RenderedPairs | null,
): OutboundRequest['body'] {
  if (body.kind === 'none') return null
  if (body.kind === 'streaming') return body.stream
  if (body.kind === 'recorded') return body.recording.read()
  if (plan.bodyKind === 'form') {
    const form = body.bytes.toString('latin1')
    const spliced = spliceParameters(form, endpoint.fieldNames, pairsFor('form', rendered))
    return Buffer.from(spliced, 'latin1')
  }
  if (plan.outline !== null) {
    return spliceJson(body.bytes, plan.outline, endpoint.pointers, pairsFor('json', rendered))
  }
  return body.bytes
}

function pairsFor(
  kind: RenderedPairs['kind'],
  rendered: RenderedPairs | null,
): RenderedPairs['pairs'] | null {
  return rendered?.kind === kind ? rendered.pairs : null
}
