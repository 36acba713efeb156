import type { LiveVersion } from '../kernel/credential.ts'
import type { Candidate } from './credential-snapshot.ts'
import type { WrittenPlacement } from './placement.ts'
import { type Rendered, renderCredential } from './render-credential.ts'

interface Form {
  readonly placement: WrittenPlacement
  readonly rendered: Rendered
}

/** A version with its forms, each written at its first use and kept for as long as the placement is. */
export class VersionCandidate implements Candidate {
  readonly version: LiveVersion
  readonly #publicValues: Readonly<Record<string, string>>
  readonly #forms = new WeakMap<WrittenPlacement, Form>()
  /** That of the last request, and so of the next one, probably. */
  #last: Form | null = null

  constructor(version: LiveVersion, publicValues: Readonly<Record<string, string>>) {
    this.version = version
    this.#publicValues = publicValues
  }

  rendered(placement: WrittenPlacement): Rendered {
    if (this.#last?.placement !== placement) this.#last = this.#form(placement)
    return this.#last.rendered
  }

  #form(placement: WrittenPlacement): Form {
    const known = this.#forms.get(placement)
    if (known !== undefined) return known
    const rendered = renderCredential(placement, this.version, this.#publicValues)
    const form = { placement, rendered }
    this.#forms.set(placement, form)
    return form
  }
}

/** Whether two versions are alike in all that requests see of them. */
export function isSame(a: LiveVersion, b: LiveVersion): boolean {
  return a.stage === b.stage && a.share === b.share && a.value.equals(b.value)
}
