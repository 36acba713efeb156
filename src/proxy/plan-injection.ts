import { RefusedError } from '../kernel/errors.ts'
import type { TokenSource } from '../kernel/ports/token-source.ts'
import type { CallerParts } from './caller-parts.ts'
import { choosePlacement } from './choose-placement.ts'
import type { CompiledEndpoint } from './compile-routes.ts'
import type { CredentialView } from './credential-view.ts'
import { hasBody, type HeldBody } from './hold-body.ts'
import type { Match } from './match-route.ts'
import type { Placement } from './placement.ts'
import type { RequestHead } from './read-head.ts'
import { selectAccount, selectView } from './select-credential.ts'
import { type JsonOutline, outlineJson } from './splice-json.ts'

/** The body's kind, where a credential may stand in it. */
export type BodyKind = 'form' | 'json' | null

/** Where the credential goes; decided once per request, whatever version is tried. */
export interface InjectionPlan {
  readonly placement: Placement
  /** Whose secret it is. */
  readonly credential: CredentialView
  readonly bodyKind: BodyKind
  /** Null unless the body is a JSON object that must be written into or cleaned. */
  readonly outline: JsonOutline | null
  readonly parts: CallerParts
}

/**
 * Whether a credential may stand in this body, from the head alone.
 * @throws RefusedError `body-not-injectable` or `body-malformed` when it can stand nowhere else
 */
export function injectableBody(endpoint: CompiledEndpoint, head: RequestHead): BodyKind {
  const kind = hasBody(head) && head.contentEncoding === '' ? kindOf(head.contentType) : null
  if (kind === 'form' && endpoint.fieldNames.size > 0) return kind
  if (kind === 'json' && endpoint.pointers.size > 0) return kind
  if (!endpoint.bodyOnly) return null
  if (!hasBody(head)) throw new RefusedError('body-malformed', 'the credential needs a body')
  throw new RefusedError('body-not-injectable', 'the credential can not be written into this body')
}

/**
 * Decides whose secret goes where.
 * @throws RefusedError `body-malformed`, `credential-unknown`, `credential-unavailable`
 */
export function planInjection(
  { route, path, query }: Match,
  endpoint: CompiledEndpoint,
  head: RequestHead,
  bodyKind: BodyKind,
  body: HeldBody,
): InjectionPlan {
  const bytes = body.kind === 'held' ? body.bytes : null
  const outline =
    bodyKind === 'json' && bytes !== null ? outlineJson(bytes, endpoint.pointers) : null
  const form = bodyKind === 'form' && bytes !== null ? bytes.toString('latin1') : null
  const json = outline === null || bytes === null ? null : { outline, bytes }
  const parts = { head, path, query, form, json }
  const account = selectAccount(route, endpoint, parts)
  const placement = choosePlacement(endpoint, account, parts)
  const credential = selectView(route, account, placement, parts)
  return { placement, credential, bodyKind, outline, parts }
}

/** Whether the time of sending is part of what is written. */
export function hasOurTime({ placement: { kind } }: InjectionPlan): boolean {
  return kind === 'signed' || kind === 'signed-parameters'
}

/** The tokens that stand in the planned place, in the name of the planned credential; null where none do. */
export function tokensOf({ placement, credential }: InjectionPlan): TokenSource | null {
  if (placement.kind !== 'token') return null
  return placement.tokens.get(credential.credentialId) ?? null
}

function kindOf(contentType: string): BodyKind {
  if (contentType === 'application/x-www-form-urlencoded') return 'form'
  if (contentType === 'application/json' || contentType.endsWith('+json')) return 'json'
  return null
}
