import { inflateRawSync } from 'node:zlib'

const END_SIGNATURE = 0x06054b50
const ENTRY_SIGNATURE = 0x02014b50
const END_MIN_BYTES = 22
const STORED = 0

/**
 * One member of a zip file (PKWARE APPNOTE 6.3, without zip64), found through its central directory.
 * @throws Error when the archive has no such member, or is none
 */
export function unzipMember(zip: Buffer, name: string): Buffer {
  let at = zip.readUInt32LE(endOfDirectory(zip) + 16)
  while (zip.readUInt32LE(at) === ENTRY_SIGNATURE) {
    const nameLength = zip.readUInt16LE(at + 28)
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === name) return content(zip, at)
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  throw new Error(`the archive has no ${name}`)
}

function endOfDirectory(zip: Buffer): number {
  for (let at = zip.length - END_MIN_BYTES; at >= 0; at -= 1) {
    if (zip.readUInt32LE(at) === END_SIGNATURE) return at
  }
  throw new Error('not a zip archive')
}

function content(zip: Buffer, entry: number): Buffer {
  const method = zip.readUInt16LE(entry + 10)
  const size = zip.readUInt32LE(entry + 20)
  const local = zip.readUInt32LE(entry + 42)
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
  const packed = zip.subarray(start, start + size)
  return method === STORED ? packed : inflateRawSync(packed)
}
