import type { LocalSource } from './secret-source.ts'
import type { JwtAlgorithm } from './signing.ts'

/**
 * A further secret of an account, which somebody else rotates, such as the private key of an application. To the proxy
 * it is a credential of its own; an injection names it by `from`.
 */
export interface Material {
  /** What injections call it, such as `applications`; several may share a name. */
  readonly name: string
  /** Unique within the credential; behind its id and a slash it is the material's own. */
  readonly id: string
  /** Where it stands in the configuration, below the credential. */
  readonly path: readonly (string | number)[]
  /** Public words for templates. */
  readonly publicValues: Readonly<Record<string, string>>
  readonly source: LocalSource
  /** The secret is a private key in PEM for this algorithm; null: a text. */
  readonly privateKey: JwtAlgorithm | null
}
