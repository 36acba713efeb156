import type { NamedTemplate, Template } from './route.ts'

/** A signature that a template describes: what is signed, and the header fields that carry it. */
export interface HmacSpec {
  /** `md5` only for an upstream that knows nothing else. Default `sha256`. */
  readonly algorithm: HashName
  /** How the secret is read as a key. Default `utf8`. */
  readonly key: 'utf8' | 'base64' | 'hex'
  /** How the signature is written. Default `hex`. */
  readonly output: HashOutput
  /** Default `seconds`, since the Unix epoch; `iso`: RFC 3339 with milliseconds, UTC. */
  readonly timestamp: 'seconds' | 'milliseconds' | 'iso'
  /** What `{bodyHash}` is. Default SHA-256 in hex. */
  readonly bodyHash: { readonly algorithm: HashName; readonly output: HashOutput }
  /**
   * What is signed. Its words: `{method}`, `{host}`, `{path}`, `{query}`, `{target}` (path and query), `{timestamp}`,
   * `{nonce}`, `{body}`, `{bodyHash}`, and the credential's public ones.
   */
  readonly sign: Template
  /** The fields that are written: the same words without `{body}`, and `{signature}`. */
  readonly headers: readonly NamedTemplate[]
}

export type HashName = 'sha1' | 'sha256' | 'sha384' | 'sha512' | 'md5'
export type HashOutput = 'hex' | 'base64' | 'base64url'

/** AWS Signature Version 4, in the header. */
export interface SigV4Spec {
  /** Such as `eu-central-1`. */
  readonly region: string
  /** The signing name, such as `execute-api` or `s3`. */
  readonly service: string
  /**
   * A template over the credential's public words. Null: the secret is the whole pair, `ID:SECRET` or
   * `ID:SECRET:SESSION-TOKEN`, so that both parts of it change together.
   */
  readonly accessKeyId: Template | null
  /** `unsigned`: bodies are streamed and not covered by the signature. Default `signed`: they are held and are. */
  readonly payload: 'signed' | 'unsigned'
}

/** A JSON Web Token (RFC 7519) as a bearer. The secret is a private key in PEM. */
export interface JwtSpec {
  /** Default `RS256`. */
  readonly algorithm: JwtAlgorithm
  /** For how long a token is good, in milliseconds. 30 s to 24 h; default 15 minutes. */
  readonly lifetimeMs: number
  /** Claims that are ours, over the public words; they stand before the caller's of the same name. */
  readonly claims: readonly NamedTemplate[]
}

export type JwtAlgorithm = 'RS256' | 'ES256'

/**
 * A signature over the parameters of a query, a form or a JSON object: `&name=value` of each, sorted by name, every `&`
 * and `=` in a value as `_`. The secret takes part in it and is not sent.
 */
export interface ParameterSignatureSpec {
  /**
   * A template over the public words that gives `md5hash`, the MD5 of text and secret, or the HMAC `md5`, `sha1`, `sha256`
   * or `sha512`.
   */
  readonly algorithm: Template
  /** Parameters that are ours, over the public words, such as `api_key`. */
  readonly parameters: readonly NamedTemplate[]
  /** The parameter with the time, in seconds since the Unix epoch. */
  readonly timestampName: string
  readonly signatureName: string
}
