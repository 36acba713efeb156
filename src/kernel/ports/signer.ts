import type { HmacSpec, JwtSpec, ParameterSignatureSpec, SigV4Spec } from '../signing.ts'
import type { LiveVersion } from '../credential.ts'
import type { SecretValue } from '../secret-value.ts'

/** A request as it goes upstream, but for what the signer adds. Texts have one character per byte. */
export interface SignRequest {
  readonly method: string
  /** Of the upstream; scheme, host and port. */
  readonly origin: string
  readonly path: string
  /** Without the question mark; null: none. */
  readonly query: string | null
  /** Those that go upstream: names and values in turn. */
  readonly fields: readonly string[]
  /** All that the caller sent, its own signature included. */
  readonly callerFields: readonly string[]
  /** As it is sent; null where there is none, or where the signature does not cover it. */
  readonly body: Buffer | null
  /** Wall clock. */
  readonly nowMs: number
}

/** Writes what a secret computes over a request, rather than the secret. */
export interface Signer {
  /** Whether the signature covers the body, so that it must be whole. */
  readonly needsBody: boolean
  /** Header fields and query parameters that are its own, so that a caller's must go; fields in lower case with dashes. */
  readonly headerNames: readonly string[]
  readonly parameterNames: readonly string[]
  /** Of its fields, in lower case, those whose value opens doors by itself, such as a token: answers don't show it. */
  readonly bearerNames: readonly string[]
  /** Lower-case scheme and a space: only such an `Authorization` is a caller's choice of this kind. Absent: every one is. */
  readonly scheme?: string
  /** The public words that what the caller has sent names, to choose one of several secrets by; null: none. */
  named?(callerFields: readonly string[]): Named | null
  /**
   * The header fields to write: names and values in turn. Done for every attempt, so that each has its own time.
   * @throws RefusedError when this request, or this secret, can't be signed with
   */
  sign(
    version: LiveVersion,
    publicValues: Readonly<Record<string, string>>,
    request: SignRequest,
  ): readonly string[]
}

/** Whether a secret with these public words is the one that is named. */
export type Named = (publicValues: Readonly<Record<string, string>>) => boolean

/** What the configuration says of a signer; `src/signers/create-signer.ts` builds it. */
export type SignerSpec =
  | ({ readonly kind: 'hmac' } & HmacSpec)
  | ({ readonly kind: 'sigv4' } & SigV4Spec)
  | ({ readonly kind: 'jwt' } & JwtSpec)

/** A parameter as the upstream reads it, decoded. */
export interface Parameter {
  readonly name: string
  readonly value: string
}

/**
 * Signs parameters together with ours and the time.
 * @param given the caller's, without those that are written
 * @returns what is written
 * @throws RefusedError for parameters that nobody can read in one way only
 */
export type SignParameters = (
  spec: ParameterSignatureSpec,
  given: readonly Parameter[],
  publicValues: Readonly<Record<string, string>>,
  secret: SecretValue,
  nowMs: number,
) => readonly Parameter[]
