import { RefusedError } from '../kernel/errors.ts'
import type { TokenSource } from '../kernel/ports/token-source.ts'
import type { CompiledEndpoint } from './compile-routes.ts'
import type { CredentialView } from './credential-view.ts'
import { hasBody, type HeldBody } from './hold-body.ts'
import { canonicalName } from './hop-headers.ts'
import { type HeaderPlacement, headerNamesOf, type Placement } from './placement.ts'
import type { RequestHead } from './read-head.ts'
import { hasMember, type JsonOutline, outlineJson } from './splice-json.ts'
import { hasParameter } from './splice-parameters.ts'

/** The body's kind, where a credential may stand in it. */
export type BodyKind = 'form' | 'json' | null

/** Where the credential goes; decided once per request, whatever version is tried. */
export interface InjectionPlan {
  readonly placement: Placement
  readonly bodyKind: BodyKind
  /** Null unless the body is a JSON object that must be written into or cleaned. */
  readonly outline: JsonOutline | null
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
 * Follows the caller: the first placement where it wrote a credential of its own; without one, the first that this
 * request can carry. A signed request (`sig` beside the public key) is decided here too, once signatures exist.
 * @throws RefusedError `body-malformed`
 */
export function planInjection(
  endpoint: CompiledEndpoint,
  head: RequestHead,
  query: string | null,
  bodyKind: BodyKind,
  body: HeldBody,
): InjectionPlan {
  const outline =
    bodyKind === 'json' && body.kind === 'held' ? outlineJson(body.bytes, endpoint.pointers) : null
  const form = bodyKind === 'form' && body.kind === 'held' ? body.bytes.toString('latin1') : null
  const able = endpoint.placements.filter((place) => isAble(place, form, outline))
  const [first] = able
  if (first === undefined) {
    throw new RefusedError('body-malformed', 'the body is no object that a credential fits in')
  }
  const placement =
    able.length === 1
      ? first
      : (able.find((place) => isPresent(place, head, query, form, outline)) ?? first)
  return { placement, bodyKind, outline }
}

/** The tokens that stand in the planned place, in the name of this credential; null where none do. */
export function tokensOf(
  { placement }: InjectionPlan,
  { credentialId }: Pick<CredentialView, 'credentialId'>,
): TokenSource | null {
  return placement.kind === 'token' ? (placement.tokens.get(credentialId) ?? null) : null
}

function kindOf(contentType: string): BodyKind {
  if (contentType === 'application/x-www-form-urlencoded') return 'form'
  if (contentType === 'application/json' || contentType.endsWith('+json')) return 'json'
  return null
}

function isAble(place: Placement, form: string | null, outline: JsonOutline | null): boolean {
  if (place.kind === 'form') return form !== null
  if (place.kind === 'json') return outline !== null
  return true
}

function isPresent(
  place: Placement,
  head: RequestHead,
  query: string | null,
  form: string | null,
  outline: JsonOutline | null,
): boolean {
  switch (place.kind) {
    case 'header':
      return hasField(place, head)
    case 'query':
      return query !== null && hasParameter(query, place.names)
    case 'form':
      return form !== null && hasParameter(form, place.names)
    case 'json':
      return outline !== null && hasMember(outline, place.names)
    case 'signed':
    case 'token':
      return hasOneOf(headerNamesOf(place), head)
    case 'substitute':
      return false
  }
}

function hasField(place: HeaderPlacement, head: RequestHead): boolean {
  if (place.canonicalName === 'authorization') {
    return head.authorization !== '' && head.authorization.toLowerCase().startsWith(place.scheme)
  }
  return hasOneOf([place.canonicalName], head)
}

function hasOneOf(names: readonly string[], { fields }: RequestHead): boolean {
  return fields.some((name, i) => i % 2 === 0 && names.includes(canonicalName(name)))
}
