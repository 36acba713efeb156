import type { NamedTemplate, Template } from '../kernel/route.ts'
import type { CallerParts } from './caller-parts.ts'
import type { CompiledAccount, CompiledEndpoint } from './compile-routes.ts'
import type { PairsPlacement, Placement } from './placement.ts'
import { parameterValues } from './splice-parameters.ts'

/** A public word that the caller has written where a credential may stand. */
export interface PresentedKey {
  /** What Sidekey would write there. */
  readonly template: Template
  readonly value: string
}

/** Every public word that the caller has written; the secrets beside them are placeholders, and not looked at. */
export function presentedKeys(
  { placements }: CompiledEndpoint,
  parts: CallerParts,
): readonly PresentedKey[] {
  return placements.flatMap((place) => keysIn(place, parts))
}

/** Whether a value is what this account would have there. */
export function namesAccount(
  { publicValues }: CompiledAccount,
  template: Template,
  value: string,
): boolean {
  return (
    value ===
    template.replaceAll(/\{(\w+)\}/g, (whole, word: string) => publicValues[word] ?? whole)
  )
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

/** Those whose value is a public word and nothing else. */
function publicOnly(pairs: readonly NamedTemplate[]): readonly NamedTemplate[] {
  return pairs.filter(({ template }) => isPublic(template))
}

function isPublic(template: Template): boolean {
  return /^\{\w+\}$/.test(template) && template !== '{secret}'
}

function valuesOf(
  pairs: readonly NamedTemplate[],
  kind: PairsPlacement['kind'],
  { query, form, json }: CallerParts,
): readonly PresentedKey[] {
  return pairs.flatMap(({ name, template }) => {
    if (kind !== 'json') {
      const text = (kind === 'query' ? query : form) ?? ''
      return parameterValues(text, name).map((value) => ({ template, value }))
    }
    if (json === null) return []
    const members = json.outline.objects.flatMap((object) => object.members)
    return members
      .filter(({ pointer }) => pointer === name)
      .map(({ valueStart, valueEnd }) => ({
        template,
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
  if (!isPublic(template)) return []
  return fields.flatMap((name, i) => {
    const isOurs = i % 2 === 0 && name.toLowerCase() === 'authorization'
    const encoded = isOurs ? /^basic +(\S+) *$/i.exec(fields[i + 1] ?? '')?.[1] : undefined
    if (encoded === undefined) return []
    const text = Buffer.from(encoded, 'base64').toString('utf8')
    const colon = text.indexOf(':')
    return colon < 1 ? [] : [{ template, value: text.slice(0, colon) }]
  })
}
