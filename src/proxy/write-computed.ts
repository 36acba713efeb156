import type { SignRequest } from '../kernel/ports/signer.ts'
import type { HeldToken } from '../kernel/ports/token-source.ts'
import type { OutboundRequest } from './attempt.ts'
import type { Candidate } from './credential-snapshot.ts'
import { type Match, splitTarget } from './match-route.ts'
import type {
  ComputedPlacement,
  Placement,
  SignedPlacement,
  SubstitutePlacement,
} from './placement.ts'
import type { RequestHead } from './read-head.ts'
import { RetryLaterError } from './rescue.ts'
import { substitutePlaceholders } from './substitute/substitute-request.ts'
import { vetPath } from './vet-path.ts'

/** What is known at the moment of one attempt. */
export interface Moment {
  readonly publicValues: Readonly<Record<string, string>>
  /** Wall clock. */
  readonly nowMs: number
  /** Of this candidate; null where its route needs none, or has none now. */
  readonly token: HeldToken | null
}

/** Whether the credential is computed for each request, rather than written once for each version. */
export function isComputed(place: Placement): place is ComputedPlacement {
  return place.kind === 'signed' || place.kind === 'token' || place.kind === 'substitute'
}

/**
 * Writes one version into a request that is complete but for it.
 * @throws RefusedError when this request can't carry it
 */
export function writeComputed(
  place: ComputedPlacement,
  outbound: OutboundRequest,
  head: RequestHead,
  match: Match,
  candidate: Candidate,
  moment: Moment,
): OutboundRequest {
  switch (place.kind) {
    case 'signed':
      return sign(place, outbound, head, match, candidate, moment)
    case 'token': {
      const { token } = moment
      if (token === null) throw new RetryLaterError('credential-unavailable', 'no token', 0)
      const bearer = token.value.expose()
      const fields = [...outbound.fields, 'Authorization', `Bearer ${bearer}`]
      return { ...outbound, fields, bearers: [bearer] }
    }
    case 'substitute':
      return substitute(place, outbound, head, match, candidate, moment)
  }
}

function sign(
  { signer }: SignedPlacement,
  outbound: OutboundRequest,
  head: RequestHead,
  match: Match,
  { version }: Candidate,
  { publicValues, nowMs }: Moment,
): OutboundRequest {
  const { method, fields, body } = outbound
  const request: SignRequest = {
    method,
    origin: match.route.origin,
    ...splitTarget(outbound.target),
    fields,
    callerFields: head.fields,
    body: Buffer.isBuffer(body) ? body : null,
    nowMs,
  }
  const signed = signer.sign(version, publicValues, request)
  // Behind the scheme, where there is one.
  const bearers = signed
    .filter(
      (_, i) => i % 2 === 1 && signer.bearerNames.includes((signed[i - 1] ?? '').toLowerCase()),
    )
    .map((value) => value.slice(value.lastIndexOf(' ') + 1))
  return { ...outbound, fields: [...fields, ...signed], bearers }
}

function substitute(
  { substitution }: SubstitutePlacement,
  outbound: OutboundRequest,
  head: RequestHead,
  match: Match,
  { version }: Candidate,
  { publicValues }: Moment,
): OutboundRequest {
  const body = Buffer.isBuffer(outbound.body) ? outbound.body : null
  const trailers = body === null ? [] : (outbound.trailers?.() ?? [])
  const request = { head, ...splitTarget(outbound.target), fields: outbound.fields, body, trailers }
  const { path, query, ...written } = substitutePlaceholders(
    request,
    substitution,
    version,
    publicValues,
  )
  vetPath(path, outbound.method, match.route.allow)
  return {
    ...outbound,
    target: query === null ? path : `${path}?${query}`,
    fields: written.fields,
    body: written.body ?? outbound.body,
  }
}
