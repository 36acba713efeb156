import { RefusedError } from '../kernel/errors.ts'
import type { LiveVersion } from '../kernel/credential.ts'
import type { Parameter } from '../kernel/ports/signer.ts'
import type { CallerParts } from './caller-parts.ts'
import type { SignedParametersPlacement } from './placement.ts'
import { percentEncode, type RenderedPairs } from './render-credential.ts'
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
  const given = givenIn(place, parts).filter(({ name }) => !written.has(isJson ? `/${name}` : name))
  const signed = place.sign(place.signature, given, publicValues, secret, nowMs)
  return {
    kind: place.place,
    pairs: signed.map(({ name, value }) => ({
      name: isJson ? `/${name}` : name,
      value: isJson ? JSON.stringify(value) : percentEncode(value),
    })),
  }
}

function givenIn(
  { place }: SignedParametersPlacement,
  { query, form, json }: CallerParts,
): readonly Parameter[] {
  if (place === 'json') return json === null ? [] : membersOf(json.bytes)
  const inBody = (form ?? '') !== '' || json !== null
  // What the upstream would sign is anybody's guess.
  if (place === 'query' && inBody) throw malformed('signed parameters stand beside a body')
  if (place === 'form' && (query ?? '') !== '') {
    throw malformed('signed parameters stand beside a query')
  }
  return parametersOf((place === 'query' ? query : form) ?? '')
}

function membersOf(body: Buffer): readonly Parameter[] {
  const object: unknown = JSON.parse(body.toString('utf8'))
  return Object.entries(Object(object)).map(([name, value]) => ({ name, value: textOf(value) }))
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
