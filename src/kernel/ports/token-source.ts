import type { LiveVersion } from '../credential.ts'
import type { Template } from '../route.ts'
import type { SecretValue } from '../secret-value.ts'

/** How tokens are asked for: the client credentials grant of OAuth 2.0, RFC 6749, section 4.4. */
export interface OAuth2Spec {
  /** The token endpoint; https, or plain http on loopback. */
  readonly tokenUrl: string
  /** Public; a template over the credential's public words. */
  readonly clientId: Template
  /** Where the endpoint takes the secret: a Basic header, or the form. */
  readonly clientAuth: 'basic' | 'post'
  /** What is asked for beside the grant, such as `scope` and `audience`. */
  readonly parameters: readonly { readonly name: string; readonly value: string }[]
  /** What a token is good for where the endpoint does not say, in milliseconds. Default 5 minutes. */
  readonly lifetimeMs: number
}

/** A token, and the secret version that it was asked for with. */
export interface HeldToken {
  readonly version: LiveVersion
  readonly value: SecretValue
}

/**
 * The tokens that one credential's secrets have been exchanged for, one for each live version. Kept fresh in the
 * background, so that requests find them.
 */
export interface TokenSource {
  /** Null while there is none that is still good. */
  tokenOf(version: LiveVersion): HeldToken | null
  /**
   * Asks for a token for each of these versions that may be asked for now.
   * @returns null as soon as one of them has a token; else the milliseconds after which it is worth asking again
   */
  ready(versions: readonly LiveVersion[]): Promise<number | null>
  /**
   * An upstream refused this token. Asks for another one, unless that was done a moment ago.
   * @returns whether the version has another one now
   */
  renew(refused: HeldToken): Promise<boolean>
}
