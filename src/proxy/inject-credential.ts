import type { Candidate } from './credential-view.ts'
import type { CompiledEndpoint } from './compile-routes.ts'
import { endToEndFields } from './hop-headers.ts'
import type { OutboundRequest } from './dispatch-upstream.ts'
import type { RequestHead } from './read-head.ts'
import type { Match } from './match-route.ts'
import type { HeldBody } from './hold-body.ts'
import type { Placement } from './placement.ts'
import { spliceParameters } from './splice-parameters.ts'

/** Writes one version into a request, in one placement; the caller's own is taken out of every placement. */
export function injectCredential(
  head: RequestHead,
  match: Match,
  endpoint: CompiledEndpoint,
  body: HeldBody,
  placement: Placement,
  candidate: Candidate,
): OutboundRequest {
  const fields = endToEndFields(head.fields, head.connection, endpoint.credentialNames)
  const rendered = candidate.rendered(placement)
  if (rendered.kind === 'header') fields.push(rendered.name, rendered.value)
  void spliceParameters
  return {
    method: head.method,
    target: match.query === null ? match.path : `${match.path}?${match.query}`,
    fields,
    body: body.kind === 'held' ? body.bytes : null,
  }
}
