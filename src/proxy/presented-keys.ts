import type { NamedTemplate, Template } from '../kernel/route.ts'
import type { CallerParts } from './caller-parts.ts'
import type { CompiledEndpoint } from './compile-routes.ts'
import type { PairsPlacement, Placement } from './placement.ts'
import { parameterValues } from './splice-parameters.ts'

/** A public word that the caller has written where a credential may stand. */
export interface PresentedKey {
  /** What Sidekey would write there, such as `apiKey`. */
  readonly word: string
  readonly value: string
}

/** Every public word that the caller has written; the secrets beside them are placeholders, and not looked at. */
export function presentedKeys(
  { placements }: CompiledEndpoint,
  parts: CallerParts,
): readonly PresentedKey[] {
  return placements.flatMap((place) => keysIn(place, parts))
}

function keysIn(place: Placement, parts: CallerParts): readonly PresentedKey[] {
  switch (place.kind) {
    case 'header':
      return place.injection.kind === 'basic'
        ? usersOf(place.injection.username, parts.head.fields)
        : []
    case 'query':
    case 'form':
    case 'json':
      return valuesOf(publicOnly(place.pairs), place.kind, parts)
    case 'signed-parameters': {
      const { parameters } = place.signature
      const isJson = place.place === 'json'
      const named = parameters.map(({ name, template }) => ({
        name: isJson ? `/${name}` : name,
        template,
      }))
      return valuesOf(publicOnly(named), place.place, parts)
    }
    case 'signed':
    case 'token':
    case 'substitute':
      return []
  }
}

interface NamedWord {
  readonly name: string
  readonly word: string
}

function publicOnly(pairs: readonly NamedTemplate[]): readonly NamedWord[] {
  return pairs.flatMap(({ name, template }) => {
    const word = publicWord(template)
    return word === null ? [] : [{ name, word }]
  })
}

/** The public word that a template is, and nothing else; null: it is none. */
function publicWord(template: Template): string | null {
  const word = /^\{(\w+)\}$/.exec(template)?.[1]
  return word === undefined || word === 'secret' ? null : word
}

function valuesOf(
  pairs: readonly NamedWord[],
  kind: PairsPlacement['kind'],
  { query, form, json }: CallerParts,
): readonly PresentedKey[] {
  return pairs.flatMap(({ name, word }) => {
    if (kind !== 'json') {
      const text = (kind === 'query' ? query : form) ?? ''
      return parameterValues(text, name).map((value) => ({ word, value }))
    }
    if (json === null) return []
    const members = json.outline.objects.flatMap((object) => object.members)
    return members
      .filter(({ pointer }) => pointer === name)
      .map(({ valueStart, valueEnd }) => ({
        word,
        value: keyIn(json.bytes.toString('utf8', valueStart, valueEnd)),
      }))
  })
}

/** A number counts as its text; anything else but a text is no key that anybody has. */
function keyIn(json: string): string {
  const value: unknown = JSON.parse(json)
  return typeof value === 'string' ? value : json
}

/** One for each field, of which there should be one. RFC 7617, section 2: the user ends at the first colon. */
function usersOf(template: Template, fields: readonly string[]): readonly PresentedKey[] {
  const word = publicWord(template)
  if (word === null) return []
  return fields.flatMap((name, i) => {
    const isOurs = i % 2 === 0 && name.toLowerCase() === 'authorization'
    const encoded = isOurs ? /^basic +(\S+) *$/i.exec(fields[i + 1] ?? '')?.[1] : undefined
    if (encoded === undefined) return []
    const text = Buffer.from(encoded, 'base64').toString('utf8')
    const colon = text.indexOf(':')
    return colon < 1 ? [] : [{ word, value: text.slice(0, colon) }]
  })
}
