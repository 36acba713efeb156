import { unreachable } from '../kernel/errors.ts'
import type { SignerSpec } from '../kernel/ports/signer.ts'
import type { Injection } from '../kernel/route.ts'
import { Refusal } from './refusal.ts'
import { placeholders } from './route-words.ts'

/** The kinds of injection that are computed for each request. */
export type ComputedInjection = Extract<
  Injection,
  { kind: 'signed' | 'signed-parameters' | 'token' | 'substitute' }
>

const COMPUTED: ReadonlySet<string> = new Set<ComputedInjection['kind']>([
  'signed',
  'signed-parameters',
  'token',
  'substitute',
])

export function isComputedInjection(form: Injection): form is ComputedInjection {
  return COMPUTED.has(form.kind)
}

/** Says what a computed placement asks for that its credential does not have, or that makes no sense. */
export function checkComputed(
  form: ComputedInjection,
  publicWords: readonly string[],
  all: readonly Injection[],
): readonly Refusal[] {
  switch (form.kind) {
    case 'signed':
      // What a preset takes from further secrets, it knows the words of.
      return form.from === undefined ? checkSigner(form.signer, publicWords) : []
    case 'signed-parameters':
      return []
    case 'token':
      return unknownWords([form.oauth2.clientId], publicWords)
    case 'substitute':
      if (all.length === 1) return []
      return [new Refusal('stands beside another placement', 'let `substitute` be the only one')]
    default:
      return unreachable(form)
  }
}

/** The words of a request that a template of a signature may name. */
const REQUEST_WORDS = [
  'method',
  'host',
  'path',
  'query',
  'target',
  'timestamp',
  'nonce',
  'bodyHash',
]

function checkSigner(signer: SignerSpec, publicWords: readonly string[]): readonly Refusal[] {
  if (signer.kind === 'jwt') {
    const claims = signer.claims.map(({ template }) => template)
    return unknownWords(claims, publicWords)
  }
  if (signer.kind === 'sigv4') {
    return signer.accessKeyId === null ? [] : unknownWords([signer.accessKeyId], publicWords)
  }
  const headers = signer.headers.map(({ template }) => template)
  const known = [...publicWords, ...REQUEST_WORDS]
  const refusals = [
    ...unknownWords([signer.sign], [...known, 'body']),
    ...unknownWords(headers, [...known, 'signature']),
  ]
  if (headers.flatMap(placeholders).includes('signature')) return refusals
  const missing = new Refusal('does not write the signature', 'put {signature} into a header')
  return [...refusals, missing]
}

function unknownWords(templates: readonly string[], known: readonly string[]): readonly Refusal[] {
  if (templates.flatMap(placeholders).every((word) => known.includes(word))) return []
  const words = known.map((word) => `{${word}}`).join(', ')
  return [
    new Refusal(
      'asks for a word that the credential does not have',
      words === '' ? 'there are none here; write the text itself' : `the words here are ${words}`,
    ),
  ]
}
