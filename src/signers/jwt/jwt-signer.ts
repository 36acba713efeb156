import type { KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { LiveVersion } from '../../kernel/credential.ts'
import { RefusedError } from '../../kernel/errors.ts'
import type { Random } from '../../kernel/ports/random.ts'
import type { Named, Signer, SignRequest } from '../../kernel/ports/signer.ts'
import type { SecretValue } from '../../kernel/secret-value.ts'
import type { JwtSpec } from '../../kernel/signing.ts'
import { callerClaims, type Claims } from './caller-claims.ts'
import { mintToken } from './mint-token.ts'
import { privateKeyOf } from './private-key.ts'

/** Tokens that are kept for one key, one for each set of claims that callers ask for; in number, and in characters. */
const TOKENS_MAX = 1_000
const TOKENS_MAX_SIZE = 4 * 1024 * 1024
/** A token must live for so long on its way to a verifier whose clock is not ours, in milliseconds. */
const REMAINS_MIN_MS = 60_000
/** The caller's own say about time and identity of the token ends with its token. */
const OURS_ALONE: ReadonlySet<string> = new Set(['iat', 'exp', 'nbf', 'jti'])

/** What is kept of one key, for as long as it is in use. */
interface KeyInUse {
  readonly key: KeyObject
  readonly tokens: LRUCache<string, Minted>
}

interface Minted {
  readonly token: string
  readonly issuedAtMs: number
}

/**
 * Writes a JSON Web Token: the claims that the configuration names, those of the token that the caller has sent, and our
 * own `iat`, `exp` and `jti`. A token is used again for the same claims until shortly before it expires.
 */
export class JwtSigner implements Signer {
  readonly needsBody = false
  readonly headerNames = ['authorization']
  readonly bearerNames = ['authorization']
  readonly parameterNames = []
  readonly scheme = 'bearer '
  readonly #spec: JwtSpec
  readonly #random: Random
  readonly #keys = new WeakMap<SecretValue, KeyInUse>()

  constructor(spec: JwtSpec, random: Random) {
    this.#spec = spec
    this.#random = random
  }

  sign(
    version: LiveVersion,
    publicValues: Readonly<Record<string, string>>,
    { callerFields, nowMs }: Pick<SignRequest, 'callerFields' | 'nowMs'>,
  ): readonly string[] {
    const claims = this.#claims(callerClaims(authorizationOf(callerFields)), publicValues)
    const inUse = this.#keyOf(version.value)
    const id = JSON.stringify(claims)
    const known = inUse.tokens.get(id)
    const token = known !== undefined && this.#isGood(known, nowMs) ? known.token : null
    return ['Authorization', `Bearer ${token ?? this.#mint(inUse, id, claims, nowMs)}`]
  }

  named(callerFields: readonly string[]): Named | null {
    const claims = callerClaims(authorizationOf(callerFields))
    const { claims: ours } = this.#spec
    if (claims === null || ours.length === 0) return null
    return (publicValues) =>
      ours.every(({ name, template }) => claims[name] === fill(template, publicValues))
  }

  /** A clock that was set back makes every token one from the future. */
  #isGood({ issuedAtMs }: Minted, nowMs: number): boolean {
    const { lifetimeMs } = this.#spec
    const ageMs = nowMs - issuedAtMs
    return ageMs >= 0 && ageMs < lifetimeMs - Math.min(REMAINS_MIN_MS, lifetimeMs / 2)
  }

  #claims(given: Claims | null, publicValues: Readonly<Record<string, string>>): Claims {
    const ours = this.#spec.claims.map(({ name, template }) => [name, fill(template, publicValues)])
    const kept = Object.entries(given ?? {}).filter(([name]) => !OURS_ALONE.has(name))
    return { ...Object.fromEntries(kept), ...Object.fromEntries(ours) }
  }

  #mint({ key, tokens }: KeyInUse, id: string, claims: Claims, nowMs: number): string {
    const { algorithm, lifetimeMs } = this.#spec
    const iat = Math.floor(nowMs / 1_000)
    const exp = iat + Math.floor(lifetimeMs / 1_000)
    const whole = { ...claims, iat, exp, jti: uuidOf(this.#random.id()) }
    const token = mintToken(whole, key, algorithm)
    tokens.set(id, { token, issuedAtMs: iat * 1_000 })
    return token
  }

  #keyOf(secret: SecretValue): KeyInUse {
    const known = this.#keys.get(secret)
    if (known !== undefined) return known
    const key = privateKeyOf(secret, this.#spec.algorithm)
    if (key === null) {
      const wanted = `no private key for ${this.#spec.algorithm}`
      throw new RefusedError('credential-unavailable', `the secret is ${wanted}`)
    }
    const tokens = new LRUCache<string, Minted>({
      max: TOKENS_MAX,
      maxSize: TOKENS_MAX_SIZE,
      sizeCalculation: ({ token }, id) => token.length + id.length,
    })
    const inUse = { key, tokens }
    this.#keys.set(secret, inUse)
    return inUse
  }
}

/** The caller's field; empty when there is none, or more than one. */
function authorizationOf(fields: readonly string[]): string {
  const found = fields.filter(
    (_, i) => i % 2 === 1 && fields[i - 1]?.toLowerCase() === 'authorization',
  )
  return found.length === 1 ? (found[0] ?? '') : ''
}

/** 32 hex digits in the form of a UUID. */
function uuidOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function fill(template: string, words: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, word: string) => words[word] ?? whole)
}
