import { RefusedError } from '../kernel/errors.ts'
import type { CallerParts } from './caller-parts.ts'
import type { CompiledAccount, CompiledEndpoint } from './compile-routes.ts'
import { canonicalName } from './hop-headers.ts'
import {
  type HeaderPlacement,
  headerNamesOf,
  materialOf,
  type PairsPlacement,
  type Placement,
} from './placement.ts'
import type { RequestHead } from './read-head.ts'
import { hasMember } from './splice-json.ts'
import { hasParameter } from './splice-parameters.ts'

/**
 * Follows the caller: the first placement where it wrote a credential of its own; without one, the first that this
 * request can carry and the account has a secret for. A caller that signs its parameters gets a signature or nothing.
 * @throws RefusedError `body-malformed`; `credential-unavailable` when the account has none of the secrets
 */
export function choosePlacement(
  { placements }: CompiledEndpoint,
  account: CompiledAccount,
  parts: CallerParts,
): Placement {
  const [only] = placements
  // Most routes have one, and then nobody has to look where the caller's stands.
  if (only !== undefined && placements.length === 1 && isSettled(only, parts)) return only
  let first: Placement | null = null
  let chosen: Placement | null = null
  let lacking: string | null = null
  for (const place of placements) {
    if (!isAble(place, parts)) continue
    const isSigned = place.kind === 'signed-parameters'
    const isWanted = (isSigned || chosen === null) && isPresent(place, parts)
    const from = materialOf(place)
    if (from !== null && !account.materials.has(from)) {
      if (isSigned && isWanted) throw noMaterial(from)
      lacking ??= from
      continue
    }
    if (isSigned && isWanted) return place
    // Without a `sig` nobody has asked for one, and the parameters may not be what is signed.
    if (!isSigned) first ??= place
    if (isWanted) chosen = place
  }
  const found = chosen ?? first
  if (found !== null) return found
  if (lacking !== null) throw noMaterial(lacking)
  throw new RefusedError('body-malformed', 'the body is no object that a credential fits in')
}

function isSettled(place: Placement, parts: CallerParts): boolean {
  return materialOf(place) === null && isAble(place, parts)
}

function noMaterial(name: string): RefusedError {
  return new RefusedError(
    'credential-unavailable',
    `the credential has no \`${name}\` in the configuration, which this request needs`,
  )
}

function isAble(place: Placement, parts: CallerParts): boolean {
  const kind = place.kind === 'signed-parameters' ? place.place : place.kind
  if (kind === 'form') return parts.form !== null
  return kind !== 'json' || parts.json !== null
}

function isPresent(place: Placement, parts: CallerParts): boolean {
  switch (place.kind) {
    case 'header':
      return hasField(place, parts.head)
    case 'query':
    case 'form':
    case 'json':
      return hasOneOf(place.names, place.kind, parts)
    case 'signed-parameters':
      return hasOneOf(place.mark, place.place, parts)
    case 'signed':
      return place.signer.scheme === undefined
        ? hasOneField(place.signer.headerNames, parts.head)
        : hasScheme(place.signer.scheme, parts.head)
    case 'token':
      return hasOneField(headerNamesOf(place), parts.head)
    case 'substitute':
      return false
  }
}

function hasOneOf(
  names: ReadonlySet<string>,
  kind: PairsPlacement['kind'],
  { query, form, json }: CallerParts,
): boolean {
  switch (kind) {
    case 'query':
      return query !== null && hasParameter(query, names)
    case 'form':
      return form !== null && hasParameter(form, names)
    case 'json':
      return json !== null && hasMember(json.outline, names)
  }
}

function hasField(place: HeaderPlacement, head: RequestHead): boolean {
  if (place.canonicalName === 'authorization') return hasScheme(place.scheme, head)
  return hasOneField([place.canonicalName], head)
}

function hasScheme(scheme: string, { authorization }: RequestHead): boolean {
  return authorization !== '' && authorization.toLowerCase().startsWith(scheme)
}

function hasOneField(names: readonly string[], { fields }: RequestHead): boolean {
  return fields.some((name, i) => i % 2 === 0 && names.includes(canonicalName(name)))
}
