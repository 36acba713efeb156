import type { IncomingHttpHeaders } from 'node:http'

/** The host that a call is meant for. One listener answers for all of them. */
export type Host = 'api' | 'rest' | 'video' | 'eu'

/** Where a credential stands in a request. */
export type Placement = 'basic' | 'query' | 'form' | 'json' | 'token' | 'signature'

const NOTHING = new URLSearchParams()

/** A whole request, parsed on demand: most calls need only one of its parts. */
export class Call {
  readonly method: string
  /** Without the query and without a final slash, as some clients send one. */
  readonly path: string
  readonly segments: readonly string[]
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly #query: string
  #parsedQuery: URLSearchParams | null = null
  #parsedForm: URLSearchParams | null = null
  #parsedJson: { readonly value: Readonly<Record<string, unknown>> } | null = null

  constructor(method: string, target: string, headers: IncomingHttpHeaders, body: Buffer) {
    const mark = target.indexOf('?')
    const path = mark === -1 ? target : target.slice(0, mark)
    this.method = method
    this.path = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
    this.segments = this.path.slice(1).split('/')
    this.headers = headers
    this.body = body
    this.#query = mark === -1 ? '' : target.slice(mark + 1)
  }

  /** The real host that the client named, or null behind another name: then the path decides. */
  get namedHost(): Host | null {
    const name = this.headers.host ?? ''
    if (name.startsWith('rest.')) return 'rest'
    if (name.startsWith('api.')) return 'api'
    if (name.startsWith('video.')) return 'video'
    return name.startsWith('api-eu.') ? 'eu' : null
  }

  get query(): URLSearchParams {
    if (this.#query === '') return NOTHING
    return (this.#parsedQuery ??= new URLSearchParams(this.#query))
  }

  /** Fields of a form body; empty for any other body. */
  get form(): URLSearchParams {
    if (!this.#isA('application/x-www-form-urlencoded')) return NOTHING
    return (this.#parsedForm ??= new URLSearchParams(this.body.toString('utf8')))
  }

  /** Members of a JSON object body; empty for any other body, and for one that does not parse. */
  get json(): Readonly<Record<string, unknown>> {
    if (!this.#isA('application/json')) return {}
    return (this.#parsedJson ??= { value: parseObject(this.body) }).value
  }

  /** A parameter, wherever the client has put it: JSON member, form field or query. */
  param(name: string): string | undefined {
    const member = this.json[name]
    if (typeof member === 'string' || typeof member === 'number') return String(member)
    return this.form.get(name) ?? this.query.get(name) ?? undefined
  }

  #isA(type: string): boolean {
    return this.body.length > 0 && (this.headers['content-type'] ?? '').startsWith(type)
  }
}

function parseObject(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(body.toString('utf8')) as unknown
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
