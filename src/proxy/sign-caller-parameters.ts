import { RefusedError } from '../kernel/errors.ts'
import type { LiveVersion } from '../kernel/credential.ts'
import type { Parameter } from '../kernel/ports/signer.ts'
import type { CallerParts } from './caller-parts.ts'
import type { SignedParametersPlacement } from './placement.ts'
import { percentEncode } from './percent-encode.ts'
import type { RenderedPairs } from './render-credential.ts'
import { parametersOf } from './splice-parameters.ts'

/**
 * Signs the parameters that the caller has written beside its own signature.
 * @param written names that do not stay
 * @throws RefusedError `body-malformed` for values that have no one text, and for parameters in two places
 */
export function signCallerParameters(
  place: SignedParametersPlacement,
  parts: CallerParts,
  written: ReadonlySet<string>,
  { value: secret }: Pick<LiveVersion, 'value'>,
  publicValues: Readonly<Record<string, string>>,
  nowMs: number,
): RenderedPairs {
  const isJson = place.place === 'json'
  const given = isJson
    ? membersOf(parts, written)
    : parametersIn(place, parts).filter(({ name }) => !written.has(name))
  const signed = place.sign(place.signature, given, publicValues, secret, nowMs)
  return {
    kind: place.place,
    pairs: signed.map(({ name, value }) => ({
      name: isJson ? `/${name}` : name,
      value: isJson ? JSON.stringify(value) : percentEncode(value),
    })),
  }
}

function parametersIn(
  { place }: SignedParametersPlacement,
  { query, form, json }: CallerParts,
): readonly Parameter[] {
  const inBody = (form ?? '') !== '' || json !== null
  // What the upstream would sign is anybody's guess.
  if (place === 'query' && inBody) throw malformed('signed parameters stand beside a body')
  if (place === 'form' && (query ?? '') !== '') {
    throw malformed('signed parameters stand beside a query')
  }
  return parametersOf((place === 'query' ? query : form) ?? '')
}

/** Every one that stays, so that a name that stands twice is seen. */
function membersOf({ json }: CallerParts, written: ReadonlySet<string>): readonly Parameter[] {
  const members = json?.outline.objects.find(({ pointer }) => pointer === '')?.members ?? []
  return members
    .filter(({ pointer }) => !written.has(pointer))
    .map(({ pointer, valueStart, valueEnd }) => ({
      name: pointer.slice(1).replaceAll('~1', '/').replaceAll('~0', '~'),
      value: textOf(JSON.parse(json?.bytes.toString('utf8', valueStart, valueEnd) ?? '')),
    }))
}

/** As the upstream's own parser would write it. */
function textOf(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'boolean') return String(value)
  if (Number.isSafeInteger(value)) return String(value)
  throw malformed('a parameter to be signed is neither a text nor an integer')
}

function malformed(message: string): RefusedError {
  return new RefusedError('body-malformed', message)
}
