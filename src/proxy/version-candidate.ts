import type { LiveVersion } from '../kernel/credential.ts'
import type { Candidate } from './credential-snapshot.ts'
import type { WrittenPlacement } from './placement.ts'
import { type Rendered, renderCredential } from './render-credential.ts'

/** A version with its forms, each written at its first use and kept for as long as the placement is. */
export class VersionCandidate implements Candidate {
  readonly version: LiveVersion
  readonly #publicValues: Readonly<Record<string, string>>
  readonly #rendered = new WeakMap<WrittenPlacement, Rendered>()

  constructor(version: LiveVersion, publicValues: Readonly<Record<string, string>>) {
    this.version = version
    this.#publicValues = publicValues
  }

  rendered(placement: WrittenPlacement): Rendered {
    const known = this.#rendered.get(placement)
    if (known !== undefined) return known
    const rendered = renderCredential(placement, this.version, this.#publicValues)
    this.#rendered.set(placement, rendered)
    return rendered
  }
}

/** Whether two versions are alike in all that requests see of them. */
export function isSame(a: LiveVersion, b: LiveVersion): boolean {
  return a.stage === b.stage && a.share === b.share && a.value.equals(b.value)
}
