import { FieldNames } from './field-names.ts'
import { isField } from './http2-head.ts'

/** Fields that belong to one hop, or that Sidekey or the HTTP client writes itself. RFC 9110, section 7.6.1. */
const HOP = new FieldNames([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'sidekey-client',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * The caller's fields that go upstream: none of this hop, none that `Connection` names, none where a credential may
 * stand. An underscore counts as a dash, as it does for an upstream behind CGI.
 */
export function endToEndFields(
  fields: readonly string[],
  nominated: readonly string[],
  credentialNames: FieldNames,
): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? ''
    if (HOP.mayHave(name) || credentialNames.mayHave(name) || nominated.length > 0) {
      const lower = canonicalName(name)
      if (HOP.has(lower) || credentialNames.has(lower) || nominated.includes(lower)) continue
    }
    kept.push(name, fields[i + 1] ?? '')
  }
  return kept
}

/** Lower case, underscores as dashes: the name by which two fields are the same to some upstream. */
export function canonicalName(name: string): string {
  const lower = name.toLowerCase()
  return lower.includes('_') ? lower.replaceAll('_', '-') : lower
}

const RESPONSE_HOP = new FieldNames([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const OWN = /^sidekey-/i

/** The upstream's fields that go to the client. */
export function endToEndResponseFields(fields: readonly string[]): string[] {
  const kept: string[] = []
  let nominated: readonly string[] | null = null
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const value = fields[i + 1] ?? ''
    if (RESPONSE_HOP.mayHave(name)) {
      const lower = name.toLowerCase()
      if (lower === 'connection') nominated = [...(nominated ?? []), ...nominees(value)]
      if (RESPONSE_HOP.has(lower)) continue
    }
    // Only Sidekey speaks for itself.
    if (OWN.test(name)) continue
    kept.push(name, value)
  }
  return nominated === null || nominated.length === 0 ? kept : withoutNominated(kept, nominated)
}

function nominees(connection: string): readonly string[] {
  return connection
    .toLowerCase()
    .split(',')
    .map((token) => token.trim())
    .filter((token) => !NEVER_NOMINATED.has(token))
}

const NEVER_NOMINATED: ReadonlySet<string> = new Set(['', 'close', 'keep-alive', 'content-length'])

function withoutNominated(fields: readonly string[], nominated: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? ''
    if (!nominated.includes(name.toLowerCase())) kept.push(name, fields[i + 1] ?? '')
  }
  return kept
}

/** Fields that say how a message is read, routed or allowed, which nobody may say behind it. RFC 9110, section 6.5.1. */
const NEVER_TRAILING =
  /^(?:content-.*|sidekey-.*|if-.*|authorization|cache-control|cookie|max-forwards|range|set-cookie|www-authenticate)$/

/**
 * What may go on behind a body, to either side: no framing, no credential, nothing of this hop, nothing that could not
 * stand in HTTP/1.1.
 * @param credentialNames where a credential may stand
 */
export function endToEndTrailers(fields: readonly string[], credentialNames: FieldNames): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const value = fields[i + 1] ?? ''
    const lower = canonicalName(name)
    if (HOP.has(lower) || credentialNames.has(lower) || NEVER_TRAILING.test(lower)) continue
    if (isField(name, value)) kept.push(name, value)
  }
  return kept
}
