/**
 * A writer of DER (ITU-T X.690), as little of it as a certificate needs. Nothing here reads DER: what others made
 * is parsed by Node.
 */

export function sequence(...parts: readonly Buffer[]): Buffer {
  return value(0x30, ...parts)
}

export function set(...parts: readonly Buffer[]): Buffer {
  return value(0x31, ...parts)
}

/** A positive integer, from big-endian bytes. */
export function integer(bytes: Buffer): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const shortest = bytes.subarray(start)
  // A leading 1 bit would make it negative.
  return value(0x02, ...((shortest[0] ?? 0) > 0x7f ? [Buffer.of(0), shortest] : [shortest]))
}

export function boolean(truth: boolean): Buffer {
  return value(0x01, Buffer.of(truth ? 0xff : 0))
}

export function octetString(...parts: readonly Buffer[]): Buffer {
  return value(0x04, ...parts)
}

/** @param unusedBits how many of the last byte's low bits say nothing, 0 to 7 */
export function bitString(bytes: Buffer, unusedBits = 0): Buffer {
  return value(0x03, Buffer.of(unusedBits), bytes)
}

export function utf8String(text: string): Buffer {
  return value(0x0c, Buffer.from(text, 'utf8'))
}

/** An object identifier in dotted form, such as `2.5.29.17`. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...arcs] = dotted.split('.').map(Number)
  return value(0x06, Buffer.from([first * 40 + second, ...arcs.flatMap(base128)]))
}

/** An instant to the second: UTCTime until 2049, GeneralizedTime after it (RFC 5280, section 4.1.2.5). */
export function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replace(/[-:T]|\.\d+/g, '')
  return Number(digits.slice(0, 4)) < 2050
    ? value(0x17, Buffer.from(digits.slice(2), 'latin1'))
    : value(0x18, Buffer.from(digits, 'latin1'))
}

/** `[tag] EXPLICIT`, or an implicit one that is constructed. */
export function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  return value(0xa0 | tag, ...parts)
}

/** `[tag] IMPLICIT` of a primitive type. */
export function taggedPrimitive(tag: number, bytes: Buffer): Buffer {
  return value(0x80 | tag, bytes)
}

function value(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.of(tag), length(content.length), content])
}

function length(count: number): Buffer {
  if (count < 0x80) return Buffer.of(count)
  const digits = Buffer.alloc(4)
  digits.writeUInt32BE(count)
  const shortest = digits.subarray(digits.findIndex((byte) => byte !== 0))
  return Buffer.concat([Buffer.of(0x80 | shortest.length), shortest])
}

function base128(arc: number): readonly number[] {
  const digits = [arc & 0x7f]
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}
