import { SecretValue } from '../../kernel/secret-value.ts'

/** A text that is sent; a secret one stays wrapped until then. */
export type Text = string | SecretValue

/** Parts as one text: a secret one as soon as one part is secret. */
export function joinText(parts: readonly Text[]): Text {
  const plain = parts.filter((part) => typeof part === 'string')
  if (plain.length === parts.length) return plain.join('')
  return new SecretValue(
    parts.map((part) => (typeof part === 'string' ? part : part.expose())).join(''),
  )
}

/**
 * Percent-encoded, so that it is one part of a path or one value of a query, whatever it holds. A lone surrogate, which JSON
 * can hold, becomes U+FFFD, as in any UTF-8 encoder.
 */
export function encodeText(text: Text): Text {
  return typeof text === 'string'
    ? encodeURIComponent(text.toWellFormed())
    : new SecretValue(encodeURIComponent(text.expose().toWellFormed()))
}
