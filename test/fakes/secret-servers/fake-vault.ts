import { type FakeAnswer, type FakeCall, HttpFake } from './http-fake.ts'

interface Token {
  readonly ttl: number
  readonly renewable: boolean
}

/** A version of a secret; null: it is deleted. */
type Version = Readonly<Record<string, unknown>> | null

const FORBIDDEN: FakeAnswer = { status: 403, body: { errors: ['permission denied'] } }
const TIMES = { created_time: '2026-11-24T00:00:00Z', custom_metadata: null }

/**
 * Vault's and OpenBao's KV engine, version 2, their token and Kubernetes logins, as their API documents them: below
 * `/v1/`, JSON, `X-Vault-Token`, 404 with metadata for a deleted version.
 */
export class FakeVault extends HttpFake {
  readonly tokens = new Map<string, Token>()
  /** What a login of a role must bring. */
  readonly roles = new Map<string, string>()
  /** By mount and path, such as `secret/partner`; the first is version 1. */
  readonly secrets = new Map<string, Version[]>()
  /** Of the tokens that logins give, in seconds. */
  loginTtl = 3600
  /** Policies that forbid a token to look at itself. */
  hidesTokens = false
  logins = 0

  constructor() {
    super((call) => this.#route(call))
  }

  /** Writes the next version. */
  put(place: string, data: Version): void {
    this.secrets.set(place, [...(this.secrets.get(place) ?? []), data])
  }

  /** Deletes a version, by its number. */
  delete(place: string, version: number): void {
    this.secrets.set(
      place,
      (this.secrets.get(place) ?? []).map((one, index) => (index + 1 === version ? null : one)),
    )
  }

  #route(call: FakeCall): FakeAnswer {
    const url = new URL(call.target, 'http://vault')
    const login = /^\/v1\/auth\/(.+)\/login$/.exec(url.pathname)
    if (login && call.method === 'POST') return this.#login(call.body)
    const token = this.tokens.get(String(call.headers['x-vault-token']))
    if (token === undefined) return FORBIDDEN
    if (url.pathname.startsWith('/v1/auth/token/')) return this.#self(call, url.pathname, token)
    const read = /^\/v1\/(.+?)\/data\/(.+)$/.exec(decodeURI(url.pathname))
    if (read === null || call.method !== 'GET') return { status: 404, body: { errors: [] } }
    return this.#read(`${read[1]}/${read[2]}`, url.searchParams.get('version'))
  }

  #login(body: string): FakeAnswer {
    const { role, jwt } = JSON.parse(body) as Record<string, string>
    if (this.roles.get(role ?? '') !== jwt) return FORBIDDEN
    this.logins++
    const token = `hvs.login-${this.logins}-${'x'.repeat(20)}`
    this.tokens.set(token, { ttl: this.loginTtl, renewable: true })
    const auth = { client_token: token, lease_duration: this.loginTtl, renewable: true }
    return { status: 200, body: { auth } }
  }

  #self(call: FakeCall, path: string, { ttl, renewable }: Token): FakeAnswer {
    if (this.hidesTokens) return FORBIDDEN
    if (path.endsWith('/lookup-self') && call.method === 'GET') {
      return { status: 200, body: { data: { ttl, renewable } } }
    }
    if (path.endsWith('/renew-self') && call.method === 'POST') {
      const auth = { client_token: call.headers['x-vault-token'], lease_duration: ttl, renewable }
      return { status: 200, body: { auth } }
    }
    return { status: 404, body: { errors: [] } }
  }

  #read(place: string, wanted: string | null): FakeAnswer {
    const versions = this.secrets.get(place) ?? []
    const version = wanted === null ? versions.length : Number(wanted)
    const data = versions[version - 1]
    if (data === undefined) return { status: 404, body: { errors: [] } }
    const metadata = {
      ...TIMES,
      version,
      destroyed: false,
      deletion_time: data ? '' : TIMES.created_time,
    }
    return { status: data === null ? 404 : 200, body: { data: { data, metadata } } }
  }
}
