import { percentEncode } from '../percent-encode.ts'
import type { Marker, Replaced } from './marker.ts'

/**
 * Replaces placeholders in the values of a query or a form; other bytes stay.
 * @param text one character per byte
 * @param isDeclared whether the route looks for placeholders in the parameter of this name
 * @throws RefusedError `placeholder-unresolved`
 */
export function replaceInParameters(
  text: string,
  marker: Marker,
  isDeclared: (name: string) => boolean,
): Replaced {
  if (!marker.isIn(text) && !text.includes('%')) return { text, secrets: 0 }
  let secrets = 0
  const segments = text.split('&').map((segment) => {
    const equals = segment.indexOf('=')
    const end = equals < 0 ? segment.length : equals + 1
    const name = decodePercent(equals < 0 ? segment : segment.slice(0, equals))
    const value = segment.slice(end)
    marker.refuseIn(name)
    if (!isDeclared(name)) {
      marker.refuseIn(decodePercent(value))
      return segment
    }
    const replaced = marker.replace(value, encodeBytes, decodePercent(value))
    secrets += replaced.secrets
    return segment.slice(0, end) + replaced.text
  })
  return { text: segments.join('&'), secrets }
}

/** The same in the segments of a path. */
export function replaceInPath(path: string, marker: Marker): Replaced {
  if (!marker.isIn(path) && !path.includes('%')) return { text: path, secrets: 0 }
  return marker.replace(path, encodeBytes, decodePercent(path, false))
}

/** One character per byte, as the text around it has. */
function encodeBytes(value: string): string {
  return percentEncode(Buffer.from(value, 'latin1').toString('utf8'))
}

/** Broken escapes stay as they are. */
export function decodePercent(text: string, isForm = true): string {
  const spaced = isForm ? text.replaceAll('+', ' ') : text
  return spaced.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  )
}
