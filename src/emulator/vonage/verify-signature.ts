import { createHash, createHmac } from 'node:crypto'
import type { Call } from './call.ts'

/** By how much a caller's clock may differ, in seconds. */
const SKEW_MAX_S = 300

export const SIGNATURE_ALGORITHMS = ['md5hash', 'md5', 'sha1', 'sha256', 'sha512'] as const

/** How an account signs its requests. */
export interface EmulatedSignature {
  readonly secret: string
  readonly algorithm: (typeof SIGNATURE_ALGORITHMS)[number]
}

/** Whether the `sig` of a call is that of the account; of the query, the form or the JSON body it stands in. */
export function verifySignature(call: Call, signature: EmulatedSignature, nowMs: number): boolean {
  const parameters = parametersOf(call)
  const sig = parameters.get('sig')?.toLowerCase()
  const skewS = Math.abs(Number(parameters.get('timestamp')) - nowMs / 1_000)
  parameters.delete('sig')
  // A NaN is within no limit.
  return sig === signatureOf(parameters, signature) && skewS <= SKEW_MAX_S
}

function parametersOf(call: Call): Map<string, string> {
  if (call.query.has('sig')) return new Map(call.query)
  if (call.form.has('sig')) return new Map(call.form)
  return new Map(Object.entries(call.json).map(([name, value]) => [name, String(value)]))
}

function signatureOf(
  parameters: ReadonlyMap<string, string>,
  { secret, algorithm }: EmulatedSignature,
): string {
  const text = [...parameters]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `&${name}=${value.replace(/[&=]/g, '_')}`)
    .join('')
  return algorithm === 'md5hash'
    ? createHash('md5')
        .update(text + secret)
        .digest('hex')
    : createHmac(algorithm, secret).update(text).digest('hex')
}
