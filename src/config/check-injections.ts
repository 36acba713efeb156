import { unreachable } from '../kernel/errors.ts'
import type { Injection, Route, Template } from '../kernel/route.ts'
import { checkComputed, type ComputedInjection, isComputedInjection } from './check-computed.ts'
import type { Findings } from './findings.ts'
import { Refusal } from './refusal.ts'
import { placeholders } from './route-words.ts'
import type { Credential } from './types.ts'
import type { Path } from './yaml-document.ts'

/** Checks that a credential has every word that its placements ask for, and that each word fits where it goes. */
export function checkInjections(
  injections: readonly Injection[],
  { publicValues }: Pick<Credential, 'publicValues'>,
  path: Path,
  findings: Findings,
): void {
  const known = ['secret', ...Object.keys(publicValues)]
  for (const form of injections.filter(isComputedInjection)) {
    const refusals = checkComputed(form, Object.keys(publicValues), injections)
    for (const refusal of refusals) findings.error(path, refusal)
  }
  const written = [...new Set(injections)].filter((form) => !isComputedInjection(form))
  if (written.some((form) => wordsOf(form).some((word) => !known.includes(word)))) {
    findings.error(
      path,
      new Refusal(
        'asks for a word that the credential does not have',
        `the words here are ${known.map((word) => `{${word}}`).join(', ')}`,
      ),
    )
  }
  if (written.some((form) => !wordsOf(form).includes('secret'))) {
    findings.error(path, new Refusal('does not write the secret', 'put {secret} into a template'))
  }
  // RFC 7617, section 2: the user ends at the first colon.
  const users = written.flatMap((form) => (form.kind === 'basic' ? form.username : []))
  if (users.some((user) => fill(user, publicValues).includes(':'))) {
    findings.error(
      path,
      new Refusal('has a colon in the user of Basic', 'use a user without a colon'),
    )
  }
}

/** The credentials whose secret one of the routes writes into a header as it is. Basic encodes it. */
export function writtenIntoHeaders(routes: readonly Route[]): ReadonlySet<string> {
  const found = new Set<string>()
  for (const { endpoints, credentialIds } of routes) {
    if (!endpoints.some(({ inject }) => inject.some(standsInHeader))) continue
    for (const id of credentialIds) found.add(id)
  }
  return found
}

function standsInHeader(form: Injection): boolean {
  if (form.kind === 'substitute') {
    return form.substitution.surfaces.some(({ kind }) => kind === 'header')
  }
  return form.kind === 'header' || form.kind === 'bearer'
}

/** The words of placements that were asked for before: presets share theirs among thousands of routes. */
const knownWords = new WeakMap<Injection, readonly string[]>()

function wordsOf(injection: Exclude<Injection, ComputedInjection>): readonly string[] {
  const known = knownWords.get(injection)
  if (known !== undefined) return known
  const words = [...new Set(templatesOf(injection).flatMap(placeholders))]
  knownWords.set(injection, words)
  return words
}

function templatesOf(injection: Exclude<Injection, ComputedInjection>): readonly Template[] {
  switch (injection.kind) {
    case 'header':
      return [injection.format]
    case 'basic':
      return [injection.username, injection.password]
    case 'bearer':
      return [injection.token]
    case 'query':
      return injection.parameters.map(({ template }) => template)
    case 'form':
      return injection.fields.map(({ template }) => template)
    case 'json':
      return injection.members.map(({ template }) => template)
    default:
      return unreachable(injection)
  }
}

function fill(template: Template, publicValues: Readonly<Record<string, string>>): string {
  return placeholders(template).reduce(
    (text, word) => text.replaceAll(`{${word}}`, publicValues[word] ?? ''),
    template,
  )
}
