import type { CredentialSnapshot } from './credential-snapshot.ts'
import { echoesOf, echoForms } from './render-credential.ts'
import type { Answered } from './try-candidates.ts'
import { writtenForms } from './written-forms.ts'

/** What answers must not show: every form of some texts, and one pattern of them all, the longest first. */
export interface Echo {
  readonly forms: readonly string[]
  /** Length of the shortest of them: no shorter text shows one. */
  readonly shortest: number
  readonly pattern: RegExp
}

/** The credential's secrets, and what was signed for this request and opens doors by itself. */
export function echoesIn(
  snapshot: CredentialSnapshot | null,
  { bearers, candidate }: Pick<Answered, 'bearers' | 'candidate'>,
): readonly Echo[] {
  const secrets = snapshot?.echoes ?? NONE
  // It may be gone since it was sent: while another version was tried, or while the answer was looked into.
  const { version } = candidate
  const isKnown = snapshot?.candidates.some(
    (live) => live === candidate || live.version.value.equals(version.value),
  )
  const own = isKnown === true ? NONE : echoesOf(echoForms([version], snapshot?.publicValues ?? {}))
  if (own.length === 0 && bearers.length === 0) return secrets
  return [...secrets, ...own, ...echoesOf(bearers.flatMap(formsOf))]
}

const NONE: readonly never[] = []

/** Most tokens have unreserved characters only, which everybody writes as they are. */
function formsOf(bearer: string): readonly string[] {
  return /^[\w.~-]+$/.test(bearer) ? [bearer] : writtenForms(bearer)
}

/** Hides every echo of a secret in header fields and reason phrase by as many asterisks. */
export function maskEcho(fields: string[], reason: string, echoes: readonly Echo[]): string {
  let shown = reason
  for (const echo of echoes) {
    if (!isIn(longOnes(fields, shown, echo.shortest), echo)) continue
    const { pattern } = echo
    for (let i = 0; i < fields.length; i++) fields[i] = stars(fields[i] ?? '', pattern)
    shown = stars(shown, pattern)
  }
  return shown
}

/** The texts that are long enough to show an echo, which most are not, as one; empty when there are none. */
function longOnes(fields: readonly string[], reason: string, shortest: number): string {
  let text = reason.length < shortest ? '' : `\n${reason}`
  for (const field of fields) if (field.length >= shortest) text += `\n${field}`
  return text
}

function isIn(text: string, echo: Echo): boolean {
  if (text === '') return false
  const { forms } = echo
  // Looking for one text is so cheap that a token of this request alone needs no pattern.
  if (forms.length === 1) return text.includes(forms[0] ?? '')
  const { pattern } = echo
  pattern.lastIndex = 0
  return pattern.test(text)
}

function stars(text: string, pattern: RegExp): string {
  return text.replaceAll(pattern, (found) => '*'.repeat(found.length))
}
