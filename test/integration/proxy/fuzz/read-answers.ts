/** One answer as its client has read it. */
export interface ReadAnswer {
  readonly status: number
  readonly reason: string
  /** Names in lower case. */
  readonly fields: ReadonlyMap<string, string>
  /** As they came, and those behind the body: names and values in turn. */
  readonly rawFields: readonly string[]
  readonly rawTrailers: readonly string[]
  readonly body: string
  /** Whether it came to its end; one that has no length ends with the connection. */
  readonly whole: boolean
}

/**
 * Reads what came back on a connection that has ended, and nothing leniently.
 * @param methods of the requests in their order; what is beyond them has a body
 * @throws Error where it is not one answer behind the other
 */
export function readAnswers(text: string, methods: readonly string[]): readonly ReadAnswer[] {
  const answers: ReadAnswer[] = []
  let at = 0
  while (at < text.length) {
    const end = text.indexOf('\r\n\r\n', at)
    if (end < 0) throw new Error(`no head: ${JSON.stringify(text.slice(at, at + 200))}`)
    const [line = '', ...lines] = text.slice(at, end).split('\r\n')
    const [, code, reason = ''] = /^HTTP\/1\.1 (\d{3}) ([^\r\n]*)$/.exec(line) ?? []
    const status = Number(code)
    if (!(status >= 100)) throw new Error(`no status line: ${JSON.stringify(line)}`)
    at = end + 4
    if (status < 200) continue
    const pairs = lines.map(splitField)
    const fields = new Map(pairs.map(([name, value]) => [name.toLowerCase(), value]))
    const none = methods[answers.length] === 'HEAD' || status === 204 || status === 304
    const read = none ? { body: '', at, whole: true, trailers: [] } : readBody(text, at, fields)
    at = read.at
    const { body, whole, trailers } = read
    answers.push({
      status,
      reason,
      fields,
      rawFields: pairs.flat(),
      rawTrailers: trailers,
      body,
      whole,
    })
  }
  return answers
}

function splitField(line: string): [string, string] {
  const [, name, value] = /^([^\s:]+): (.*)$/.exec(line) ?? []
  if (name === undefined || value === undefined)
    throw new Error(`no field: ${JSON.stringify(line)}`)
  return [name, value]
}

function readBody(
  text: string,
  from: number,
  fields: ReadonlyMap<string, string>,
): {
  readonly body: string
  readonly at: number
  readonly whole: boolean
  readonly trailers: readonly string[]
} {
  if (fields.get('transfer-encoding') === 'chunked') return readChunks(text, from)
  const length = Number(fields.get('content-length') ?? Infinity)
  const body = text.slice(from, from + length)
  const whole = body.length === length || length === Infinity
  return { body, at: from + body.length, whole, trailers: [] }
}

function readChunks(text: string, from: number): ReturnType<typeof readBody> {
  const size = /([0-9a-f]+)\r\n/y
  let body = ''
  let at = from
  for (;;) {
    size.lastIndex = at
    const found = size.exec(text)
    const length = Number.parseInt(found?.[1] ?? '', 16)
    const cut = { body, at: text.length, whole: false, trailers: [] }
    if (found === null) return cut
    at += found[0].length
    if (length === 0) {
      const end = text.indexOf('\r\n\r\n', at - 2)
      if (end < 0) return cut
      const lines = text
        .slice(at, end)
        .split('\r\n')
        .filter((line) => line !== '')
      return { body, at: end + 4, whole: true, trailers: lines.flatMap(splitField) }
    }
    body += text.slice(at, at + length)
    at += length + 2
    if (at > text.length) return { ...cut, body }
  }
}
