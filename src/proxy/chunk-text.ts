/** The most that is read and parsed at once, in bytes: a body of 64 KiB, as many are cut, and the head before it. */
export const CHUNK_MAX_BYTES = 80 * 1024

/** Heads are mostly shorter, and a body behind one is not worth being made text. */
const TEXT_MAX_BYTES = 4096

/** The chunk that is parsed, and its texts as latin1. */
export class ChunkText {
  #chunk: Buffer = NOTHING
  #bytes = 0
  /** The beginning of the chunk as text; null until it is asked for. */
  #text: string | null = null

  /** From here on the first `bytes` of this chunk are parsed. */
  set(chunk: Buffer, bytes: number): void {
    this.#chunk = chunk
    this.#bytes = bytes
    this.#text = null
  }

  textAt(at: number, length: number): string {
    if (at + length > TEXT_MAX_BYTES) return this.#chunk.toString('latin1', at, at + length)
    this.#text ??= this.#chunk.toString('latin1', 0, Math.min(this.#bytes, TEXT_MAX_BYTES))
    return this.#text.slice(at, at + length)
  }

  /** Bytes of the chunk, which are there as long as the chunk is. */
  bytesAt(at: number, length: number): Buffer {
    return this.#chunk.subarray(at, at + length)
  }

  /** Copies bytes of the chunk. */
  copyTo(target: Buffer, at: number, length: number): void {
    this.#chunk.copy(target, 0, at, at + length)
  }
}

const NOTHING = Buffer.alloc(0)

/** Header or trailer fields while they come, whatever the borders of chunks. */
export class FieldList {
  /** Null until a field comes. */
  #fields: string[] | null = null
  /** What names and values have taken. */
  bytes = 0

  name(text: string): void {
    this.#put(text, 0)
  }

  value(text: string): void {
    this.#put(text, 1)
  }

  /** Names and values in turn, without the white space behind a value; the list begins anew. RFC 9110, section 5.5. */
  take(): readonly string[] {
    const fields = this.#fields
    if (fields === null) return NO_FIELDS
    this.#fields = null
    for (let i = 1; i < fields.length; i += 2) {
      const value = fields[i] ?? ''
      if (endsInSpace(value, value.length)) fields[i] = withoutSpaceBehind(value)
    }
    return fields
  }

  #put(text: string, place: 0 | 1): void {
    const fields = (this.#fields ??= [])
    const { length: count } = fields
    if (count % 2 === place) fields.push(text)
    else fields[count - 1] += text
    this.bytes += text.length
  }
}

const NO_FIELDS: readonly string[] = []

function endsInSpace(text: string, end: number): boolean {
  const code = text.charCodeAt(end - 1)
  return code === 0x20 || code === 0x09
}

/** No pattern: one that looks for the end begins anew at each space within. */
function withoutSpaceBehind(text: string): string {
  let end = text.length
  while (endsInSpace(text, end)) end--
  return text.slice(0, end)
}
