import type { VaultSource } from '../../kernel/secret-source.ts'
import { SecretValue } from '../../kernel/secret-value.ts'
import { memberOf, parseJson } from '../accept-value.ts'
import type { HttpAnswer, HttpClient } from '../http-client.ts'
import { type FetcherDeps, type Fetched, readLogin, SourceFault } from '../secret-fetcher.ts'
import { faultOf } from './fault-of.ts'

/** A token is prolonged, or got anew, when this share of its time is spent. */
const RENEW_AT_RATIO = 2 / 3

interface Session {
  readonly token: SecretValue
  /** Monotonic; infinite for a token that does not end, or whose time nobody tells. */
  readonly renewAtMs: number
  readonly endsAtMs: number
}

/** What calls to one server have in common: its address, its namespace, and a token that is still good. */
export class VaultSession {
  readonly #source: VaultSource
  readonly #http: HttpClient
  readonly #deps: FetcherDeps
  #session: Session | null = null

  constructor(source: VaultSource, http: HttpClient, deps: FetcherDeps) {
    this.#source = source
    this.#http = http
    this.#deps = deps
  }

  /** Reads below `/v1/`. After a refusal it logs in anew and asks once more. */
  async get(path: string, signal: AbortSignal): Promise<HttpAnswer | SourceFault> {
    const token = await this.#token(signal)
    if (token instanceof SourceFault) return token
    const answer = await this.#call('GET', path, token, undefined, signal)
    if (answer instanceof SourceFault || answer.status !== 403) return answer
    const next = await this.#tokenAfterRefusal(token, signal)
    if (next === null) return answer
    return next instanceof SourceFault ? next : this.#call('GET', path, next, undefined, signal)
  }

  /** The token, prolonged or replaced before its time is over. */
  async #token(signal: AbortSignal): Promise<Fetched> {
    const { login } = this.#source
    if (login.kind === 'token') return this.#givenToken(signal)
    const session = this.#session
    const nowMs = this.#deps.clock.monotonic()
    if (session !== null && nowMs < session.renewAtMs) return session.token
    const next = await this.#logIn(signal)
    const isStillGood = session !== null && nowMs < session.endsAtMs
    return next instanceof SourceFault && isStillGood ? session.token : next
  }

  /** Null when there is no other token to try. */
  async #tokenAfterRefusal(refused: SecretValue, signal: AbortSignal): Promise<Fetched | null> {
    this.#session = null
    if (this.#source.login.kind === 'kubernetes') return this.#logIn(signal)
    const next = await this.#givenToken(signal)
    return next instanceof SecretValue && next.equals(refused) ? null : next
  }

  /** Somebody else makes it, and may replace its file at any time; what can be prolonged is. */
  async #givenToken(signal: AbortSignal): Promise<Fetched> {
    const token = await readLogin('the token', this.#source.login.token, this.#deps)
    if (token instanceof SourceFault) return token
    if (this.#session?.token.equals(token) !== true) {
      this.#deps.keepSecret(`token ${this.#source.address}`, [token])
      const found = await this.#call('GET', 'auth/token/lookup-self', token, undefined, signal)
      if (found instanceof SourceFault) return found
      this.#session = this.#prolonged(token, found, 'data', 'ttl')
    } else if (this.#deps.clock.monotonic() >= this.#session.renewAtMs) {
      const found = await this.#call('POST', 'auth/token/renew-self', token, '{}', signal)
      // Without an answer it is tried again at the next look; the token may have a third of its time left.
      if (found instanceof SourceFault) return token
      this.#session = this.#prolonged(token, found, 'auth', 'lease_duration')
    }
    return token
  }

  /** A policy may forbid both calls: then nobody knows the time that is left, and the next refusal tells. */
  #prolonged(
    token: SecretValue,
    { status, text }: HttpAnswer,
    where: string,
    ttl: string,
  ): Session {
    const found = status === 200 ? memberOf(parseJson(text), where) : undefined
    const isRenewable = memberOf(found, 'renewable') === true
    return this.#sessionOf(token, isRenewable ? memberOf(found, ttl) : 0)
  }

  async #logIn(signal: AbortSignal): Promise<Fetched> {
    const { login } = this.#source
    const jwt = await readLogin('the token of the service account', login.token, this.#deps)
    if (jwt instanceof SourceFault || login.kind === 'token') return jwt
    this.#deps.keepSecret(`jwt ${this.#source.address}`, [jwt])
    const path = `auth/${encodePath(login.mount)}/login`
    const body = new SecretValue(JSON.stringify({ role: login.role, jwt: jwt.expose() }))
    const answer = await this.#call('POST', path, null, body, signal)
    if (answer instanceof SourceFault) return answer
    if (answer.status !== 200) return faultOf(answer, 'the login')
    const auth = memberOf(parseJson(answer.text), 'auth')
    const text = memberOf(auth, 'client_token')
    if (typeof text !== 'string' || text === '') {
      return new SourceFault('unavailable', 'the login gave no token')
    }
    const token = new SecretValue(text)
    this.#deps.keepSecret(`token ${this.#source.address}`, [token])
    this.#session = this.#sessionOf(token, memberOf(auth, 'lease_duration'))
    return token
  }

  /** @param ttlSeconds 0, or nothing that makes sense: the token does not end */
  #sessionOf(token: SecretValue, ttlSeconds: unknown): Session {
    const lasts = typeof ttlSeconds === 'number' && ttlSeconds > 0
    const ttlMs = lasts ? ttlSeconds * 1000 : Infinity
    const nowMs = this.#deps.clock.monotonic()
    return { token, renewAtMs: nowMs + ttlMs * RENEW_AT_RATIO, endsAtMs: nowMs + ttlMs }
  }

  #call(
    method: 'GET' | 'POST',
    path: string,
    token: SecretValue | null,
    body: string | SecretValue | undefined,
    signal: AbortSignal,
  ): Promise<HttpAnswer | SourceFault> {
    const { address: origin, namespace } = this.#source
    const headers = {
      accept: 'application/json',
      // Agents in between refuse calls without it, so that no browser can be made to call them.
      'x-vault-request': 'true',
      ...(namespace === null ? {} : { 'x-vault-namespace': namespace }),
      ...(token === null ? {} : { 'x-vault-token': token }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const call = { method, origin, path: `/v1/${path}`, headers }
    return this.#http.send(body === undefined ? call : { ...call, body }, signal)
  }
}

/** Each segment percent-encoded. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}
