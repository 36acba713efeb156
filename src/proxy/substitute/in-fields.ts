import { RefusedError } from '../../kernel/errors.ts'
import { canonicalName } from '../hop-headers.ts'
import type { Marker, Replaced } from './marker.ts'

/** Header fields in which every placeholder has become its value. */
export interface ReplacedFields {
  readonly fields: string[]
  readonly secrets: number
}

/**
 * Replaces placeholders in the values of header fields, and inside the base64 of `Authorization: Basic`; other bytes
 * stay.
 * @param fields names and values in turn
 * @param isDeclared whether the route looks for placeholders in the field of this canonical name
 * @throws RefusedError `placeholder-unresolved`, or `credential-unavailable` when the secret can't stand in a field
 */
export function replaceInFields(
  fields: readonly string[],
  marker: Marker,
  isDeclared: (name: string) => boolean,
): ReplacedFields {
  const written: string[] = []
  let secrets = 0
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const value = fields[i + 1] ?? ''
    marker.refuseIn(name)
    const canonical = canonicalName(name)
    const basic = canonical === 'authorization' ? BASIC.exec(value) : null
    const decoded = Buffer.from(basic?.[2] ?? '', 'base64').toString('latin1')
    if (!isDeclared(canonical)) {
      marker.refuseIn(value)
      marker.refuseIn(decoded)
      written.push(name, value)
      continue
    }
    const replaced = marker.isIn(decoded)
      ? replaceInBasic(basic?.[1] ?? '', decoded, marker)
      : replaceInText(value, marker)
    secrets += replaced.secrets
    written.push(name, replaced.text)
  }
  return { fields: written, secrets }
}

const BASIC = /^(basic +)(\S+)$/i

function replaceInBasic(scheme: string, decoded: string, marker: Marker): Replaced {
  const { text, secrets } = marker.replace(decoded, (value) => value)
  return { text: scheme + Buffer.from(text, 'latin1').toString('base64'), secrets }
}

function replaceInText(value: string, marker: Marker): Replaced {
  const replaced = marker.replace(value, vetted)
  // Whoever reads the field trims it, and the secret with it.
  if (value === value.trim() && replaced.text !== replaced.text.trim()) throw unfit()
  return replaced
}

function vetted(value: string): string {
  if (/^[\x20-\x7e]*$/.test(value)) return value
  throw unfit()
}

function unfit(): RefusedError {
  return new RefusedError('credential-unavailable', 'the secret can not stand in a header field')
}
