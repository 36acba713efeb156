import type { Candidate, CredentialSnapshot } from './credential-snapshot.ts'
import { echoesOf, echoForms, together } from './render-credential.ts'
import type { Answered } from './try-candidates.ts'
import { empty, mayHold, put } from './letter-sieve.ts'
import { hasWord } from './words.ts'
import { writtenForms } from './written-forms.ts'

/** What answers must not show: every form of some texts, and one pattern of them all, the longest first. */
export interface Echo {
  readonly forms: readonly string[]
  /** Each of them has a word at least this long, by `longestWord`: no text of shorter words shows one. */
  readonly word: number
  /** By `threeGroups`: a text that shows none of these shows no form. */
  readonly groups: string
  readonly pattern: RegExp
}

/** All that one answer must not show. */
export interface Echoes {
  readonly echoes: readonly Echo[]
  /** The least `word` of them, and more than any text has of none. */
  readonly echoWord: number
  /** All of their `groups`. Most answers need not look at more. */
  readonly echoGroups: string
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
export function maskEcho(fields: string[], reason: string, shown: Echoes): string {
  if (!mayShow(fields, reason, shown)) return reason
  let masked = reason
  for (const { pattern } of shown.echoes) {
    for (let i = 0; i < fields.length; i++) fields[i] = stars(fields[i] ?? '', pattern)
    masked = stars(masked, pattern)
  }
  return masked
}

/**
 * Only words that are long enough can show an echo, which most have not: dates and policies are long, but not their words.
 * What is not looked for touches no memory of the credential's own.
 */
function mayShow(
  fields: readonly string[],
  reason: string,
  { echoWord, echoGroups }: Echoes,
): boolean {
  let isEmpty = true
  for (let i = -1; i < fields.length; i++) {
    const text = i < 0 ? reason : (fields[i] ?? '')
    if (!hasWord(text, echoWord)) continue
    if (isEmpty) empty()
    isEmpty = false
    put(text)
  }
  return !isEmpty && mayHold(echoGroups)
}

function stars(text: string, pattern: RegExp): string {
  return text.replaceAll(pattern, (found) => '*'.repeat(found.length))
}
