import { RefusedError } from '../kernel/errors.ts'
import type { LiveVersion } from '../kernel/credential.ts'
import type { Template } from '../kernel/route.ts'
import type { SecretValue } from '../kernel/secret-value.ts'
import type { Echo, Echoes } from './mask-echo.ts'
import { percentEncode } from './percent-encode.ts'
import type { HeaderPlacement, PairsPlacement } from './placement.ts'
import { threeGroups } from './letter-sieve.ts'
import { longestWord } from './words.ts'
import { writtenForms } from './written-forms.ts'

/** A credential as it is written into a query, a form or JSON. */
export interface RenderedPairs {
  readonly kind: 'query' | 'form' | 'json'
  /** Name as in the placement, and the encoded value: percent-encoded, or a JSON string with its quotes. */
  readonly pairs: readonly { readonly name: string; readonly value: string }[]
}

/**
 * Writes one version into a header field: its text. Done once per version and placement, never per request.
 * @throws RefusedError `credential-unavailable` when the text can't stand in a header field
 */
export function renderHeader(
  { injection }: HeaderPlacement,
  version: LiveVersion,
  publicValues: Readonly<Record<string, string>>,
): string {
  const value = headerValue(injection, wordsOf(version, publicValues))
  // Never trimmed or cut: a secret that can't stand in a header is refused, see row 37 of the acceptance table.
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)) {
    throw new RefusedError('credential-unavailable', 'the secret can not stand in a header field')
  }
  return value
}

/** Writes one version into pairs, encoded for their place. Done once per version and placement, too. */
export function renderPairs(
  { kind, pairs }: PairsPlacement,
  version: LiveVersion,
  publicValues: Readonly<Record<string, string>>,
): RenderedPairs {
  const words = wordsOf(version, publicValues)
  const encode = kind === 'json' ? JSON.stringify : percentEncode
  return {
    kind,
    pairs: pairs.map(({ name, template }) => ({ name, value: encode(fill(template, words)) })),
  }
}

function wordsOf(
  { value }: LiveVersion,
  publicValues: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  return new Map([...Object.entries(publicValues), ['secret', value.expose()]])
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

function fill(template: Template, words: ReadonlyMap<string, string>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, word: string) => words.get(word) ?? whole)
}

/** The secrets of these versions in every form in which an upstream may echo them. */
export function echoForms(
  versions: readonly LiveVersion[],
  publicValues: Readonly<Record<string, string>>,
  echoes: readonly SecretValue[] = [],
): readonly string[] {
  const forms = new Set(echoes.flatMap((text) => writtenForms(text.expose())))
  for (const version of versions) {
    const text = version.value.expose()
    for (const form of writtenForms(text)) forms.add(form)
    for (const word of Object.values(publicValues)) {
      forms.add(Buffer.from(`${word}:${text}`, 'utf8').toString('base64'))
    }
  }
  return [...forms]
}

/**
 * One that finds any of these forms, the longest first, so that none is masked only in part; none when there is nothing to
 * look for. Texts shorter than four characters are left out: they would match everywhere.
 */
export function echoesOf(written: readonly string[]): Echoes {
  const forms = written.filter((form) => form.length >= 4).toSorted((a, b) => b.length - a.length)
  return together(forms.length === 0 ? [] : [new WrittenEcho(forms)])
}

/** Of nothing to look for: no text has so long a word, and V8 keeps it within the object, which it does not do with `Infinity`. */
const NO_WORD = 2 ** 30

/** What one answer must not show of several. */
export function together(echoes: readonly Echo[]): Echoes {
  return {
    echoes,
    echoWord: Math.min(NO_WORD, ...echoes.map(({ word }) => word)),
    echoGroups: echoes.map(({ groups }) => groups).join(''),
  }
}

/** Its pattern is built when it is asked for: most tokens are looked for without it. */
class WrittenEcho implements Echo {
  readonly forms: readonly string[]
  readonly word: number
  readonly groups: string
  #pattern: RegExp | null = null

  constructor(forms: readonly string[]) {
    this.forms = forms
    this.word = Math.min(...forms.map(longestWord))
    this.groups = shortest(forms).map(threeGroups).join('')
  }

  get pattern(): RegExp {
    this.#pattern ??= new RegExp(this.forms.map(escapeForRegExp).join('|'), 'g')
    return this.#pattern
  }
}

/** Of texts the longest first, those that hold no other one: a text that holds any holds one of these. */
function shortest(texts: readonly string[]): readonly string[] {
  const found: string[] = []
  for (const text of texts.toReversed()) {
    if (!found.some((part) => text.includes(part))) found.push(text)
  }
  return found
}

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`)
}
