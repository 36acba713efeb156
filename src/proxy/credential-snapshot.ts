import type { LiveVersion } from '../kernel/credential.ts'
import type { Tries } from './choose-candidates.ts'
import type { Echoes } from './mask-echo.ts'
import type { HeaderPlacement, PairsPlacement } from './placement.ts'
import type { RenderedPairs } from './render-credential.ts'

/** A version that may be tried for a request, with its rendered forms. */
export interface Candidate {
  readonly version: LiveVersion
  /** Of the version. */
  readonly stage: LiveVersion['stage']
  /** The text of a header field with the version, built at its first use. */
  headerText(placement: HeaderPlacement): string
  /** The version written into pairs, built at its first use. */
  pairs(placement: PairsPlacement): RenderedPairs
  /** A request is sent with this version, wall clock; call `answered` once, whatever becomes of it. */
  began(atMs: number): void
  /** The upstream has said what it thinks of the version, or never will. */
  answered(atMs: number): void
  /** A request with this version has ended. */
  used(atMs: number): void
}

/** All that requests use of a credential at one moment; and what they try, while nothing speaks against any version. */
export interface CredentialSnapshot extends Echoes, Tries {
  readonly publicValues: Readonly<Record<string, string>>
}
