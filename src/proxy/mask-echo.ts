import type { Candidate, CredentialSnapshot } from './credential-snapshot.ts'
import { echoesOf, echoForms, together } from './render-credential.ts'
import type { Answered } from './try-candidates.ts'
import { hasWord } from './words.ts'
import { writtenForms } from './written-forms.ts'

/** What answers must not show: every form of some texts, and one pattern of them all, the longest first. */
export interface Echo {
  readonly forms: readonly string[]
  /** Each of them has a word at least this long, by `longestWord`: no text of shorter words shows one. */
  readonly word: number
  readonly pattern: RegExp
}

/** All that one answer must not show. */
export interface Echoes {
  readonly echoes: readonly Echo[]
  /** The least `word` of them, and more than any text has of none. Most answers need not look at more. */
  readonly echoWord: number
}

/**
 * The credential's secrets, and what was signed for this request and opens doors by itself.
 * @param before what the request was sent with
 * @param now what the credential is since
 */
export function echoesIn(
  before: CredentialSnapshot | null,
  now: CredentialSnapshot | null,
  { bearers, candidate }: Pick<Answered, 'bearers' | 'candidate'>,
): Echoes {
  const isKnown = now !== null && (now === before || isOneOf(now, candidate))
  if (isKnown && bearers.length === 0) return now
  const secrets = now?.echoes ?? []
  // It may be gone since it was sent: while another version was tried, or while the answer was looked into.
  const own = isKnown ? [] : echoForms([candidate.version], now?.publicValues ?? {})
  return together([
    ...secrets,
    ...echoesOf(own).echoes,
    ...echoesOf(bearers.flatMap(formsOf)).echoes,
  ])
}

function isOneOf({ candidates }: CredentialSnapshot, candidate: Candidate): boolean {
  const { value } = candidate.version
  return candidates.some((live) => live === candidate || live.version.value.equals(value))
}

/** Most tokens have unreserved characters only, which everybody writes as they are. */
function formsOf(bearer: string): readonly string[] {
  return /^[\w.~-]+$/.test(bearer) ? [bearer] : writtenForms(bearer)
}

/** Hides every echo of a secret in header fields and reason phrase by as many asterisks. */
export function maskEcho(fields: string[], reason: string, { echoes, echoWord }: Echoes): string {
  const text = suspects(fields, reason, echoWord)
  if (text === '') return reason
  let shown = reason
  for (const echo of echoes) {
    if (!isIn(text, echo)) continue
    const { pattern } = echo
    for (let i = 0; i < fields.length; i++) fields[i] = stars(fields[i] ?? '', pattern)
    shown = stars(shown, pattern)
  }
  return shown
}

/**
 * The texts with words that are long enough to show an echo, which most have not, as one; empty when there are none. Dates
 * and policies are long, but not their words; and what is not searched touches no memory of the credential's own.
 */
function suspects(fields: readonly string[], reason: string, word: number): string {
  let text = hasWord(reason, word) ? `\n${reason}` : ''
  for (const field of fields) if (hasWord(field, word)) text += `\n${field}`
  return text
}

function isIn(text: string, echo: Echo): boolean {
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
