import type { SignerSpec } from './ports/signer.ts'
import type { OAuth2Spec } from './ports/token-source.ts'
import type { ParameterSignatureSpec } from './signing.ts'
import type { Substitution } from './substitution.ts'

/** Text with placeholders: `{secret}` and the public words of the credential, such as `{apiKey}`. */
export type Template = string

/** Where and how a credential is written into a request. */
export type Injection =
  | { readonly kind: 'header'; readonly name: string; readonly format: Template }
  | { readonly kind: 'basic'; readonly username: Template; readonly password: Template }
  | { readonly kind: 'bearer'; readonly token: Template }
  | { readonly kind: 'query'; readonly parameters: readonly NamedTemplate[] }
  | { readonly kind: 'form'; readonly fields: readonly NamedTemplate[] }
  /** `name` is an RFC 6901 pointer, such as `/api_key`; a member that is missing is added to its object. */
  | { readonly kind: 'json'; readonly members: readonly NamedTemplate[] }
  /** What the secret computes over the request, or the further secret of the account that `from` names. */
  | { readonly kind: 'signed'; readonly signer: SignerSpec; readonly from?: string }
  /** A signature over the parameters, beside them; a caller that sends one is never given the secret instead. */
  | {
      readonly kind: 'signed-parameters'
      readonly place: 'query' | 'form' | 'json'
      readonly signature: ParameterSignatureSpec
      readonly from?: string
    }
  /** A token that the secret was exchanged for, as a bearer. */
  | { readonly kind: 'token'; readonly oauth2: OAuth2Spec }
  /** Where the caller has written a placeholder; the only placement of its endpoint. */
  | { readonly kind: 'substitute'; readonly substitution: Substitution }

export interface NamedTemplate {
  readonly name: string
  readonly template: Template
}

/**
 * How an upstream says that the credential is wrong. Without `json` and `xml` the status alone decides, and the body is
 * not looked at. `in`: one of these values (compared as text, so 4 and "4" are the same); `notIn`: a value that is none of these, or
 * none at all. A `*` in the pointer stands for each element of an array, and all must match: a mixed array means that
 * something was processed.
 */
export interface AuthFailureRule {
  readonly status: number
  readonly json?: string
  /** Local name of an element, wherever it stands; every such element must match. */
  readonly xml?: string
  readonly in?: readonly string[]
  readonly notIn?: readonly string[]
  /**
   * Values of `grpc-status`, such as 16 for UNAUTHENTICATED, in an answer that is nothing but a head: nothing was
   * processed then. Stands alone, with status 200.
   */
  readonly grpc?: readonly number[]
}

/**
 * Pattern of an upstream path: literal segments, `*` for one segment, `**` for any number at the end. Anchored,
 * case-sensitive, matched against the raw bytes without the query.
 */
export type PathPattern = string

export interface AllowRule {
  /** Upper case; null for any. */
  readonly methods: readonly string[] | null
  readonly paths: readonly PathPattern[]
}

/** A family of paths of a route that share their placement and their way to report a bad secret; the first match wins. */
export interface Endpoint {
  readonly paths: readonly PathPattern[]
  /**
   * The placements that the upstream understands. The caller's choice is kept: its credential is replaced where it
   * stands, and removed from every other placement. A caller that sends none gets the first one.
   */
  readonly inject: readonly Injection[]
  /** A path with a public word in it, such as `/accounts/{apiKey}`; it selects one of several credentials. */
  readonly keyPath?: Template
  readonly authFailure: readonly AuthFailureRule[]
}

export interface Upstream {
  /** Scheme, host and port, without a path: `https://api.partner.example`. The secret is bound to it. */
  readonly origin: string
  /** The route says so: plain http off loopback, or private addresses. */
  readonly insecure: boolean
  /**
   * SHA-256 of the public keys that the server may have (of its own certificate, as SubjectPublicKeyInfo), in base64:
   * RFC 7469, section 2.4. Beside the usual checks, never instead of them. Absent: it may have every key.
   */
  readonly pins?: readonly string[]
  /**
   * Whether HTTP/2 is spoken: absent where the upstream chooses it in TLS; false never; true without TLS too, on
   * prior knowledge (RFC 9113, section 3.3).
   */
  readonly http2?: boolean
}

/** What a route knows of one of its credentials. */
export interface RouteAccount {
  readonly credentialId: string
  /** What the caller writes of them in its placeholders selects the credential. */
  readonly publicValues: Readonly<Record<string, string>>
  readonly materials: readonly RouteMaterial[]
}

/** A further secret of an account, which is a credential of its own to the proxy. */
export interface RouteMaterial {
  /** What injections call it, in `from`; several may share a name. */
  readonly name: string
  readonly credentialId: string
  readonly publicValues: Readonly<Record<string, string>>
}

/** The rule that sends requests to an upstream. One entry of the configuration may expand into several. */
export interface Route {
  /** The label in metrics and logs; several routes of one preset share it. */
  readonly name: string
  /** Taken off before forwarding, such as `/partner`; null when the route is found by host only. */
  readonly pathPrefix: string | null
  /** Lower-case host names, without port, that select this route by `Host` or as a forward target. */
  readonly hosts: readonly string[]
  readonly upstream: Upstream
  /** A listener of its own, `host:port` or `unix:/path`, on which every path is the upstream's; absent or null: none. */
  readonly listen?: string | null
  /** At least one. With several, the caller's public key selects. */
  readonly credentialIds: readonly string[]
  /** What is known of each of them beside its secret; absent: nothing. */
  readonly accounts?: readonly RouteAccount[]
  /** Null: everything. */
  readonly allow: readonly AllowRule[] | null
  readonly endpoints: readonly Endpoint[]
  /**
   * Whether echoes of the secret are masked in bodies of answers too, by as many asterisks; in heads they always are.
   * Bodies are asked for whole and without a coding then. Default: false. What passes in a WebSocket is not looked into.
   */
  readonly maskBody?: boolean
}
