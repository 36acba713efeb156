import type { Signer, SignerSpec, SignParameters } from '../kernel/ports/signer.ts'
import type { OAuth2Spec, TokenSource } from '../kernel/ports/token-source.ts'
import type { Injection, NamedTemplate } from '../kernel/route.ts'
import type { ParameterSignatureSpec } from '../kernel/signing.ts'
import type { Substitution } from '../kernel/substitution.ts'
import { canonicalName } from './hop-headers.ts'

/** A place where a credential may stand in a request, made ready for comparing. Its identity is a key of caches. */
export type Placement = WrittenPlacement | SignedParametersPlacement | ComputedPlacement

/** The text of the secret stands there, or a template with it: written once for each version. */
export type WrittenPlacement = HeaderPlacement | PairsPlacement

/** What stands there depends on the request, or on the moment. */
export type ComputedPlacement = SignedPlacement | TokenPlacement | SubstitutePlacement

/** A signature over the request. */
export interface SignedPlacement {
  readonly kind: 'signed'
  readonly signer: Signer
  /** The further secret of the account that signs; null: the credential's own. */
  readonly from: string | null
}

/** A signature over the parameters, written beside them. */
export interface SignedParametersPlacement {
  readonly kind: 'signed-parameters'
  readonly place: PairsPlacement['kind']
  readonly signature: ParameterSignatureSpec
  readonly sign: SignParameters
  /** All that are written; pointers in JSON. */
  readonly names: ReadonlySet<string>
  /** The one whose presence says that the caller signs. */
  readonly mark: ReadonlySet<string>
  readonly from: string | null
}

/** `Authorization: Bearer`, with a token. */
export interface TokenPlacement {
  readonly kind: 'token'
  /** By credential. */
  readonly tokens: ReadonlyMap<string, TokenSource>
}

/** Wherever the caller has written a placeholder. */
export interface SubstitutePlacement {
  readonly kind: 'substitute'
  readonly substitution: Substitution
}

/** One header field: a named one, Basic or Bearer. */
export interface HeaderPlacement {
  readonly kind: 'header'
  readonly injection: Extract<Injection, { kind: 'header' | 'basic' | 'bearer' }>
  /** The name that is sent. */
  readonly name: string
  /** The name by which the caller's fields are compared. */
  readonly canonicalName: string
  /** Lower-case scheme and a space, where only such a value is this placement; empty where every value is. */
  readonly scheme: string
}

/** Parameters of the query, fields of a form, or members of a JSON object. */
export interface PairsPlacement {
  readonly kind: 'query' | 'form' | 'json'
  readonly pairs: readonly NamedTemplate[]
  readonly names: ReadonlySet<string>
}

/** Builds what placements need beside the text of the secret. */
export interface PlacementParts {
  readonly signer: (spec: SignerSpec) => Signer
  readonly signParameters: SignParameters
  readonly tokens: (credentialId: string, spec: OAuth2Spec) => TokenSource
}

export function compilePlacement(
  injection: Injection,
  credentialIds: readonly string[],
  parts: PlacementParts,
): Placement {
  switch (injection.kind) {
    case 'header':
      return header(injection, injection.name, '')
    case 'basic':
      return header(injection, 'Authorization', 'basic ')
    case 'bearer':
      return header(injection, 'Authorization', 'bearer ')
    case 'query':
      return pairs('query', injection.parameters)
    case 'form':
      return pairs('form', injection.fields)
    case 'json':
      return pairs('json', injection.members)
    case 'signed':
      return {
        kind: 'signed',
        signer: parts.signer(injection.signer),
        from: injection.from ?? null,
      }
    case 'signed-parameters':
      return signedParameters(injection, parts.signParameters)
    case 'token':
      return {
        kind: 'token',
        tokens: new Map(credentialIds.map((id) => [id, parts.tokens(id, injection.oauth2)])),
      }
    case 'substitute':
      return { kind: 'substitute', substitution: injection.substitution }
  }
}

/** Canonical names of the fields in which a credential of this placement may stand. */
export function headerNamesOf(place: Placement): readonly string[] {
  if (place.kind === 'header') return [place.canonicalName]
  if (place.kind === 'signed') return place.signer.headerNames
  return place.kind === 'token' ? ['authorization'] : []
}

/** Whether the body of a request must be whole before it can be written. */
export function needsWholeBody(place: Placement): boolean {
  if (place.kind === 'signed') return place.signer.needsBody
  return place.kind === 'substitute' && place.substitution.bodies === 'read'
}

function signedParameters(
  { place, signature, from }: Extract<Injection, { kind: 'signed-parameters' }>,
  sign: SignParameters,
): SignedParametersPlacement {
  const { parameters, timestampName, signatureName } = signature
  const written = (name: string) => (place === 'json' ? `/${name}` : name)
  const names = [...parameters.map(({ name }) => name), timestampName, signatureName]
  return {
    kind: 'signed-parameters',
    place,
    signature,
    sign,
    names: new Set(names.map(written)),
    mark: new Set([written(signatureName)]),
    from: from ?? null,
  }
}

/** The further secret of the account that stands in this place; null: the credential's own. */
export function materialOf(place: Placement): string | null {
  return place.kind === 'signed' || place.kind === 'signed-parameters' ? place.from : null
}

function header(
  injection: HeaderPlacement['injection'],
  name: string,
  scheme: string,
): HeaderPlacement {
  return { kind: 'header', injection, name, canonicalName: canonicalName(name), scheme }
}

function pairs(kind: PairsPlacement['kind'], listed: readonly NamedTemplate[]): PairsPlacement {
  return { kind, pairs: listed, names: new Set(listed.map((pair) => pair.name)) }
}
