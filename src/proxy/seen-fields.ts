import { FieldNames } from './field-names.ts'
import { MalformedHeadError } from './malformed-head.ts'

/** The fields that decide something before the request is routed. */
export class SeenFields {
  hosts = 0
  host = ''
  contentLengths = 0
  contentLength = ''
  /** Null: there is none. An empty one is none that is known. */
  transferEncoding: string | null = null
  contentTypes = 0
  contentType = ''
  contentEncoding = ''
  connection = ''
  upgrade = ''
  expect = ''
  origin = ''
  site = ''
  authorization = ''
  proxyAuthorization = ''
  clientToken = ''

  note(name: string, value: string): void {
    if (NAMES.mayHave(name)) NOTES.get(name.toLowerCase())?.(this, value)
  }
}

type Note = (seen: SeenFields, value: string) => void

/** How a field is noted, by its name in lower case. */
const NOTES: ReadonlyMap<string, Note> = new Map(
  Object.entries<Note>({
    host: (seen, value) => {
      seen.hosts++
      seen.host = value
    },
    'content-length': (seen, value) => {
      seen.contentLengths++
      seen.contentLength = value
    },
    'transfer-encoding': (seen, value) => {
      const before = seen.transferEncoding === null ? '' : `${seen.transferEncoding}, `
      seen.transferEncoding = before + value.toLowerCase()
    },
    'content-type': (seen, value) => {
      seen.contentTypes++
      seen.contentType = value
    },
    'content-encoding': (seen, value) => {
      seen.contentEncoding = joined(seen.contentEncoding, value)
    },
    connection: (seen, value) => {
      seen.connection = joined(seen.connection, value)
    },
    expect: (seen, value) => {
      seen.expect = joined(seen.expect, value)
    },
    upgrade: (seen, value) => {
      seen.upgrade = joined(seen.upgrade, value)
    },
    origin: (seen, value) => {
      seen.origin = value || 'null'
    },
    'sec-fetch-site': (seen, value) => {
      seen.site = value.toLowerCase()
    },
    authorization: (seen, value) => {
      seen.authorization ||= value
    },
    'proxy-authorization': (seen, value) => {
      seen.proxyAuthorization ||= value
    },
    'sidekey-client': (seen, value) => {
      seen.clientToken ||= value
    },
    // An upstream behind CGI reads these as framing: nothing honest sends them.
    content_length: looksLikeFraming,
    transfer_encoding: looksLikeFraming,
  }),
)

const NAMES = new FieldNames([...NOTES.keys()])

function looksLikeFraming(): never {
  throw new MalformedHeadError('a header field looks like message framing')
}

function joined(before: string, value: string): string {
  const lower = value.toLowerCase()
  return before === '' ? lower : `${before}, ${lower}`
}
