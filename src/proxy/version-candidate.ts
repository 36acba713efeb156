import type { LiveVersion } from '../kernel/credential.ts'
import type { RowPlace } from '../kernel/number-rows.ts'
import type { Candidate } from './credential-snapshot.ts'
import type { HeaderPlacement, PairsPlacement } from './placement.ts'
import { renderHeader, type RenderedPairs, renderPairs } from './render-credential.ts'
import { VersionUse } from './version-uses.ts'

/**
 * A version with its forms, each written at its first use and kept for as long as the placement is. It notes its uses itself: one
 * object less that a request waits for.
 */
export class VersionCandidate extends VersionUse implements Candidate {
  // What every request reads comes first, and so within one or two of a processor's lines.
  readonly stage: LiveVersion['stage']
  /** That of the last request, and so of the next one, probably. */
  #header: HeaderPlacement | null = null
  #headerText = ''
  readonly version: LiveVersion
  readonly #publicValues: Readonly<Record<string, string>>
  #headerTexts: WeakMap<HeaderPlacement, string> | null = null
  #pairs: WeakMap<PairsPlacement, RenderedPairs> | null = null
  /** Those of the last request, as above. */
  #lastPairs: { readonly placement: PairsPlacement; readonly written: RenderedPairs } | null = null

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

  headerText(placement: HeaderPlacement): string {
    if (this.#header === placement) return this.#headerText
    this.#headerTexts ??= new WeakMap()
    const text = once(this.#headerTexts, placement, () =>
      renderHeader(placement, this.version, this.#publicValues),
    )
    this.#header = placement
    this.#headerText = text
    return text
  }

  pairs(placement: PairsPlacement): RenderedPairs {
    if (this.#lastPairs?.placement === placement) return this.#lastPairs.written
    this.#pairs ??= new WeakMap()
    const written = once(this.#pairs, placement, () =>
      renderPairs(placement, this.version, this.#publicValues),
    )
    this.#lastPairs = { placement, written }
    return written
  }
}

function once<Place extends object, Written>(
  known: WeakMap<Place, Written>,
  placement: Place,
  write: () => Written,
): Written {
  const before = known.get(placement)
  if (before !== undefined) return before
  const written = write()
  known.set(placement, written)
  return written
}

/** Whether two versions are alike in all that requests see of them. */
export function isSame(a: LiveVersion, b: LiveVersion): boolean {
  return a.stage === b.stage && a.share === b.share && a.value.equals(b.value)
}
