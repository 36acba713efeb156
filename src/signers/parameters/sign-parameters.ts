import { createHash, createHmac } from 'node:crypto'
import { RefusedError } from '../../kernel/errors.ts'
import type { Parameter, SignParameters } from '../../kernel/ports/signer.ts'
import type { SecretValue } from '../../kernel/secret-value.ts'

/**
 * Signs the caller's parameters together with ours and the time.
 * @returns what is written: ours, the time, the signature
 * @throws RefusedError `body-malformed` for a name that stands twice: nobody can say which value the upstream would read
 */
export const signParameters: SignParameters = (spec, given, publicValues, secret, nowMs) => {
  const ours = [
    ...spec.parameters.map(({ name, template }) => ({ name, value: fill(template, publicValues) })),
    { name: spec.timestampName, value: String(Math.floor(nowMs / 1_000)) },
  ]
  const all = [...given, ...ours]
  if (new Set(all.map(({ name }) => name)).size < all.length) {
    throw new RefusedError('body-malformed', 'a parameter to be signed stands twice')
  }
  const algorithm = fill(spec.algorithm, publicValues)
  const value = signatureOf(algorithm, textOf(all), secret)
  return [...ours, { name: spec.signatureName, value }]
}

const HMACS: ReadonlySet<string> = new Set(['md5', 'sha1', 'sha256', 'sha512'])

function textOf(parameters: readonly Parameter[]): string {
  return parameters
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, value }) => `&${name}=${value.replaceAll(/[&=]/g, '_')}`)
    .join('')
}

function signatureOf(algorithm: string, text: string, secret: SecretValue): string {
  if (algorithm === 'md5hash') {
    return createHash('md5').update(`${text}${secret.expose()}`, 'utf8').digest('hex')
  }
  if (!HMACS.has(algorithm)) {
    throw new RefusedError('credential-unavailable', 'there is no such way to sign parameters')
  }
  return createHmac(algorithm, secret.expose()).update(text, 'utf8').digest('hex')
}

function fill(template: string, words: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, word: string) => words[word] ?? whole)
}
