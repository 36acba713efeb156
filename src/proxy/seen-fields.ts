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
    if (!NOTED.mayHave(name)) return
    switch (name.toLowerCase()) {
      case 'host':
        this.hosts++
        this.host = value
        return
      case 'content-length':
        this.contentLengths++
        this.contentLength = value
        return
      case 'transfer-encoding':
        this.transferEncoding =
          (this.transferEncoding === null ? '' : `${this.transferEncoding}, `) + value.toLowerCase()
        return
      case 'content-type':
        this.contentTypes++
        this.contentType = value
        return
      case 'content-encoding':
        this.contentEncoding = joined(this.contentEncoding, value.toLowerCase())
        return
      case 'connection':
        this.connection = joined(this.connection, value.toLowerCase())
        return
      case 'expect':
        this.expect = joined(this.expect, value.toLowerCase())
        return
      case 'upgrade':
        this.upgrade = joined(this.upgrade, value.toLowerCase())
        return
      case 'origin':
        this.origin = value || 'null'
        return
      case 'sec-fetch-site':
        this.site = value.toLowerCase()
        return
      case 'authorization':
        this.authorization ||= value
        return
      case 'proxy-authorization':
        this.proxyAuthorization ||= value
        return
      case 'sidekey-client':
        this.clientToken ||= value
        return
      // An upstream behind CGI reads these as framing: nothing honest sends them.
      case 'content_length':
      case 'transfer_encoding':
        throw new MalformedHeadError('a header field looks like message framing')
    }
  }
}

/** Those that `SeenFields` has a place for. */
const NOTED = new FieldNames([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'content-encoding',
  'connection',
  'expect',
  'upgrade',
  'origin',
  'sec-fetch-site',
  'authorization',
  'proxy-authorization',
  'sidekey-client',
])

function joined(before: string, value: string): string {
  return before === '' ? value : `${before}, ${value}`
}
