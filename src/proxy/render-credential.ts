import { RefusedError } from '../kernel/errors.ts'
import type { LiveVersion } from '../kernel/credential.ts'
import type { Template } from '../kernel/route.ts'
import type { HeaderPlacement, PairsPlacement, Placement } from './placement.ts'

/** A credential as it is written into one placement, encoded for it. */
export type Rendered = RenderedHeader | RenderedPairs

export interface RenderedHeader {
  readonly kind: 'header'
  readonly name: string
  readonly value: string
}

export interface RenderedPairs {
  readonly kind: 'query' | 'form' | 'json'
  /** Name as in the placement, and the encoded value: percent-encoded, or a JSON string with its quotes. */
  readonly pairs: readonly { readonly name: string; readonly value: string }[]
}

/**
 * Writes one version into the form of one placement. Done once per version and placement, never per request.
 * @throws RefusedError `credential-unavailable` when the text can't stand in a header field
 */
export function renderCredential(
  placement: Placement,
  version: LiveVersion,
  publicValues: Readonly<Record<string, string>>,
): Rendered {
  const words = new Map(Object.entries(publicValues))
  words.set('secret', version.value.expose())
  if (placement.kind === 'header') return renderHeader(placement, words)
  return renderPairs(placement, words)
}

function renderHeader(placement: HeaderPlacement, words: ReadonlyMap<string, string>): Rendered {
  const value = headerValue(placement.injection, words)
  // Never trimmed or cut: a secret that can't stand in a header is refused, see row 37 of the acceptance table.
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)) {
    throw new RefusedError('credential-unavailable', 'the secret can not stand in a header field')
  }
  return { kind: 'header', name: placement.name, value }
}

function headerValue(
  injection: HeaderPlacement['injection'],
  words: ReadonlyMap<string, string>,
): string {
  switch (injection.kind) {
    case 'header':
      return fill(injection.format, words)
    case 'bearer':
      return `Bearer ${fill(injection.token, words)}`
    case 'basic': {
      const pair = `${fill(injection.username, words)}:${fill(injection.password, words)}`
      return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`
    }
  }
}

function renderPairs(placement: PairsPlacement, words: ReadonlyMap<string, string>): Rendered {
  const encode = placement.kind === 'json' ? JSON.stringify : percentEncode
  return {
    kind: placement.kind,
    pairs: placement.pairs.map(({ name, template }) => ({
      name,
      value: encode(fill(template, words)),
    })),
  }
}

function fill(template: Template, words: ReadonlyMap<string, string>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, word: string) => words.get(word) ?? whole)
}

/** RFC 3986: everything but the unreserved characters. A lone surrogate becomes U+FFFD, as in any UTF-8 encoder. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/**
 * Matches the secrets of these versions in the eight forms in which an upstream may echo them; null when there is
 * nothing to look for. Texts shorter than four characters are left out: they would match everywhere.
 */
export function echoPattern(
  versions: readonly LiveVersion[],
  publicValues: Readonly<Record<string, string>>,
): RegExp | null {
  const forms = new Set<string>()
  for (const version of versions) {
    const text = version.value.expose()
    for (const form of formsOf(text)) forms.add(form)
    for (const word of Object.values(publicValues)) {
      forms.add(Buffer.from(`${word}:${text}`, 'utf8').toString('base64'))
    }
  }
  const listed = [...forms].filter((form) => form.length >= 4)
  if (listed.length === 0) return null
  // The longest first, so that no form is masked only in part.
  const sources = listed.toSorted((a, b) => b.length - a.length).map(escapeForRegExp)
  return new RegExp(sources.join('|'), 'g')
}

function formsOf(text: string): readonly string[] {
  const bytes = Buffer.from(text, 'utf8')
  const percent = percentEncode(text)
  return [
    text,
    bytes.toString('latin1'),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    percent,
    percent.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    JSON.stringify(text).slice(1, -1),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
  ]
}

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`)
}
