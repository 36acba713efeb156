/** A part of a request in which placeholders may stand. */
export type SurfaceKind = 'header' | 'query' | 'path' | 'form' | 'json'

export interface Surface {
  readonly kind: SurfaceKind
  /**
   * The one field, parameter or member: a canonical header name, a parameter's name, or an RFC 6901 pointer. Null: every
   * one of its kind; always null for `path`.
   */
  readonly name: string | null
}

/** The caller writes placeholders where its secret belongs, in declared places only; the secret is put there. */
export interface Substitution {
  /** What stands before the name in a placeholder: at least four unreserved characters, such as `SIDEKEY_`. */
  readonly before: string
  /** What stands after it; may be empty. */
  readonly after: string
  /** At least one. */
  readonly surfaces: readonly Surface[]
  /**
   * `read` (default): every body is held and looked into, so that no placeholder leaves unresolved. `pass`: bodies are
   * not looked at.
   */
  readonly bodies: 'read' | 'pass'
}
