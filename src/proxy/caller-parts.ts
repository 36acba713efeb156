import type { RequestHead } from './read-head.ts'
import type { JsonOutline } from './splice-json.ts'

/** What the caller has sent, as far as a credential may stand in it. */
export interface CallerParts {
  readonly head: RequestHead
  /** The upstream's path, without the query. */
  readonly path: string
  readonly query: string | null
  /** A form body, one character per byte; null when it is none that a credential may stand in. */
  readonly form: string | null
  /** The same for a JSON object. */
  readonly json: { readonly outline: JsonOutline; readonly bytes: Buffer } | null
}
