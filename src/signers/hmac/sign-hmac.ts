import { createHash, createHmac } from 'node:crypto'
import { RefusedError } from '../../kernel/errors.ts'
import type { Template } from '../../kernel/route.ts'
import type { SecretValue } from '../../kernel/secret-value.ts'
import type { HmacSpec } from '../../kernel/signing.ts'

/** What may stand in a signed text. One character per byte where it comes from the wire. */
export interface HmacInput {
  readonly secret: SecretValue
  readonly publicValues: Readonly<Record<string, string>>
  readonly method: string
  /** Host and, where it is not the scheme's own, port. */
  readonly host: string
  readonly path: string
  /** Null: none. */
  readonly query: string | null
  /** As it is sent, content-encoded or not; null: none. */
  readonly body: Buffer | null
  readonly nowMs: number
  readonly nonce: string
}

/** Whether the signature covers the body, which must then be whole. */
export function coversBody({ sign, headers }: HmacSpec): boolean {
  return [sign, ...headers.map(({ template }) => template)].some((template) =>
    /\{body(?:Hash)?\}/.test(template),
  )
}

/**
 * Computes the signature and writes the header fields that carry it.
 * @returns names and values in turn
 * @throws RefusedError `credential-unavailable` when the secret is no key in the encoding that the configuration names
 */
export function signHmac(spec: HmacSpec, input: HmacInput): readonly string[] {
  const words = wordsOf(spec, input)
  const mac = createHmac(spec.algorithm, keyOf(spec, input.secret))
  for (const part of partsOf(spec.sign, words)) mac.update(part)
  words.set('signature', Buffer.from(mac.digest(spec.output), 'latin1'))
  return spec.headers.flatMap(({ name, template }) => {
    const value = Buffer.concat(partsOf(template, words)).toString('latin1')
    if (!HEADER_TEXT.test(value)) {
      throw new RefusedError('malformed-request', 'what is signed can not stand in a header field')
    }
    return [name, value]
  })
}

const HEADER_TEXT = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

/** The words that a request fills, as the bytes that are signed; the body only where it is asked for. */
function wordsOf(spec: HmacSpec, input: HmacInput): Map<string, Buffer> {
  const { path, query, nowMs } = input
  const words = new Map<string, Buffer>(
    Object.entries(input.publicValues).map(([word, text]) => [word, Buffer.from(text, 'utf8')]),
  )
  const wire = {
    method: input.method,
    host: input.host,
    path,
    query: query ?? '',
    target: query === null ? path : `${path}?${query}`,
    timestamp: timestampOf(spec.timestamp, nowMs),
    nonce: input.nonce,
  }
  for (const [word, text] of Object.entries(wire)) words.set(word, Buffer.from(text, 'latin1'))
  if (!coversBody(spec)) return words
  const body = input.body ?? Buffer.alloc(0)
  const { algorithm, output } = spec.bodyHash
  const hash = createHash(algorithm).update(body).digest(output)
  return words.set('body', body).set('bodyHash', Buffer.from(hash, 'latin1'))
}

function timestampOf(kind: HmacSpec['timestamp'], nowMs: number): string {
  switch (kind) {
    case 'seconds':
      return String(Math.floor(nowMs / 1_000))
    case 'milliseconds':
      return String(nowMs)
    case 'iso':
      return new Date(nowMs).toISOString()
  }
}

/** A template as bytes, word by word: a body is not copied into a text. */
function partsOf(template: Template, words: ReadonlyMap<string, Buffer>): readonly Buffer[] {
  // Every second part is a word.
  return template.split(/\{(\w+)\}/).map((part, index) => {
    const word = index % 2 === 1 ? words.get(part) : undefined
    return word ?? Buffer.from(index % 2 === 1 ? `{${part}}` : part, 'utf8')
  })
}

function keyOf({ key }: HmacSpec, secret: SecretValue): Buffer {
  const text = secret.expose()
  if (key === 'utf8') return Buffer.from(text, 'utf8')
  const pattern = key === 'hex' ? /^(?:[0-9a-f]{2})+$/i : /^[A-Za-z0-9+/_-]+={0,2}$/
  if (!pattern.test(text)) {
    throw new RefusedError('credential-unavailable', `the secret is no key in ${key}`)
  }
  return Buffer.from(text, key)
}
