import type { LiveVersion } from '../kernel/credential.ts'
import type { RowPlace } from '../kernel/number-rows.ts'
import type { Candidate } from './credential-snapshot.ts'
import type { WrittenPlacement } from './placement.ts'
import { type Rendered, renderCredential } from './render-credential.ts'
import { VersionUse } from './version-uses.ts'

/**
 * A version with its forms, each written at its first use and kept for as long as the placement is. It notes its uses itself: one
 * object less that a request waits for.
 */
export class VersionCandidate extends VersionUse implements Candidate {
  // What every request reads comes first, and so within one or two of a processor's lines.
  readonly stage: LiveVersion['stage']
  /** Those of the last request, and so of the next one, probably. */
  #placement: WrittenPlacement | null = null
  #rendered: Rendered | null = null
  readonly version: LiveVersion
  readonly #publicValues: Readonly<Record<string, string>>
  readonly #forms = new WeakMap<WrittenPlacement, Rendered>()

  /** @param uses where its uses are noted */
  constructor(
    version: LiveVersion,
    publicValues: Readonly<Record<string, string>>,
    uses: RowPlace,
  ) {
    super(uses)
    this.stage = version.stage
    this.version = version
    this.#publicValues = publicValues
  }

  rendered(placement: WrittenPlacement): Rendered {
    if (this.#placement === placement && this.#rendered !== null) return this.#rendered
    const rendered = this.#form(placement)
    this.#placement = placement
    this.#rendered = rendered
    return rendered
  }

  #form(placement: WrittenPlacement): Rendered {
    const known = this.#forms.get(placement)
    if (known !== undefined) return known
    const rendered = renderCredential(placement, this.version, this.#publicValues)
    this.#forms.set(placement, rendered)
    return rendered
  }
}

/** Whether two versions are alike in all that requests see of them. */
export function isSame(a: LiveVersion, b: LiveVersion): boolean {
  return a.stage === b.stage && a.share === b.share && a.value.equals(b.value)
}
