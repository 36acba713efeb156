import type { SecretValue } from '../kernel/secret-value.ts'

/** A form shorter than this is not searched for: it would match ordinary words. UTF-16 units. */
export const FORM_LENGTH_MIN = 4

/**
 * Every way in which a secret may stand in a line of text: raw, base64 and base64url at each of the three alignments (so
 * that a Basic pair is found too), percent-encoded for paths and for forms, JSON-escaped once and twice, hex. The longest
 * first. Forms shorter than `FORM_LENGTH_MIN` are left out.
 */
export function secretForms(secret: SecretValue): readonly string[] {
  const raw = secret.expose()
  const bytes = Buffer.from(raw, 'utf8')
  const hex = bytes.toString('hex')
  const escaped = jsonEscape(raw)
  const base64 = [0, 1, 2].map((offset) => base64Fragment(bytes, offset))
  const forms = [
    raw,
    hex,
    hex.toUpperCase(),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    ...percentForms(raw),
    escaped,
    jsonEscape(escaped),
  ]
  return [...new Set(forms)]
    .filter((form) => form.length >= FORM_LENGTH_MIN)
    .toSorted((a, b) => b.length - a.length)
}

/** The text itself, under which its forms are known. */
export function plainForm(secret: SecretValue): string {
  return secret.expose()
}

/** The base64 characters that depend on `bytes` alone when `offset` (0 to 2) unknown bytes stand before them. */
function base64Fragment(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  const first = [0, 2, 3][offset] ?? 0
  const last = (offset + bytes.length) % 3 === 0 ? text.length : text.length - 1
  return text.slice(first, last)
}

/** Encoders differ in what they leave bare and in the case of the digits. */
function percentForms(raw: string): readonly string[] {
  const wellFormed = raw.toWellFormed()
  const component = encodeURIComponent(wellFormed)
  const strict = component.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)
  const form = new URLSearchParams([['', wellFormed]]).toString().slice(1)
  const upper = [component, strict, form].map((text) => digitsCase(text, 'upper'))
  return [...upper, ...upper.map((text) => digitsCase(text, 'lower'))]
}

function digitsCase(text: string, to: 'upper' | 'lower'): string {
  return text.replace(/%[0-9a-f]{2}/gi, (found) =>
    to === 'upper' ? found.toUpperCase() : found.toLowerCase(),
  )
}

function jsonEscape(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
