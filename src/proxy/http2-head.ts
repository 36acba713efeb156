/** The head of an HTTP/2 request, in the words of HTTP/1.1. */
export interface Http1Head {
  readonly method: string
  readonly target: string
  /** Names and values in turn. */
  readonly fields: readonly string[]
}

/**
 * Says `:authority` as `Host`, and a body whose length is not told as chunked, so that the map reads one kind of head
 * only. A `Host` beside another `:authority` stays, and is refused as two of them are. RFC 9113, section 8.3.1.
 * @param bodiless whether nothing follows the head
 */
export function translateHead(raw: readonly string[], bodiless: boolean): Http1Head {
  let method = ''
  let target = ''
  let authority: string | null = null
  let sized = false
  const cookies: string[] = []
  const fields: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const value = raw[i + 1] ?? ''
    if (name === ':method') method = value
    else if (name === ':path') target = value
    else if (name === ':authority') authority = value
    else if (name === 'cookie') cookies.push(value)
    else if (!name.startsWith(':') && !(name === 'host' && isSame(value, authority))) {
      sized ||= name === 'content-length'
      fields.push(name, value)
    }
  }
  if (authority !== null) fields.push('host', authority)
  // One cookie per field makes for better compression, and is nothing that HTTP/1.1 knows. RFC 9113, section 8.2.3.
  if (cookies.length > 0) fields.push('cookie', cookies.join('; '))
  if (!bodiless && !sized) fields.push('transfer-encoding', 'chunked')
  return { method, target, fields }
}

function isSame(host: string, authority: string | null): boolean {
  return host.toLowerCase() === authority?.toLowerCase()
}

/** What names and values take, without what stands between them. */
export function headBytes(fields: readonly string[]): number {
  let bytes = 0
  for (const text of fields) bytes += text.length
  return bytes
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** RFC 9110, section 5.5, as latin1. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
/** Without space and control characters: a request line could go on behind them. */
const TARGET = /^[\x21-\x7e\x80-\xff]*$/

/** Whether name and value could stand in HTTP/1.1 as they are: no end of a line, no NUL, no space in a name. */
export function isField(name: string, value: string): boolean {
  return TOKEN.test(name) && FIELD_VALUE.test(value)
}

/**
 * Whether a head that llhttp has not read could be written as HTTP/1.1. nghttp2 has refused most of it before; what
 * goes upstream as text is looked at here once more.
 */
export function isHead({ method, target, fields }: Http1Head): boolean {
  if (!TOKEN.test(method) || !TARGET.test(target)) return false
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (!isField(fields[i] ?? '', fields[i + 1] ?? '')) return false
  }
  return true
}
