import { UNKNOWN_VALUE } from '../kernel/credential.ts'
import type { ProviderTraits, ValueRule } from '../kernel/ports/provider.ts'
import type { Random } from '../kernel/ports/random.ts'
import { SecretValue } from '../kernel/secret-value.ts'

/**
 * A rule that is met this rarely is a mistake: for 25 characters of [A-Za-z0-9] a draw fails once
 * in 84.
 */
const DRAWS_MAX = 1_000

/** The value of the next candidate; unknown as yet where the provider is going to choose it. */
export function generateSecretFor(
  { valueSource, valueRule }: ProviderTraits,
  random: Random,
): SecretValue {
  return valueSource === 'server' ? UNKNOWN_VALUE : generateSecret(valueRule, random)
}

/**
 * Draws a value uniformly among all values that the rule allows: whole strings are drawn until one
 * has a character of each class. Replacing characters instead would favour some values.
 * @throws Error when the rule can't be met
 */
export function generateSecret(rule: ValueRule, random: Random): SecretValue {
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const text = Array.from({ length: rule.length }, () =>
      rule.alphabet.charAt(random.int(rule.alphabet.length)),
    ).join('')
    if (rule.classes.every((letters) => hasOneOf(text, letters))) return new SecretValue(text)
  }
  throw new Error('the value rule of the provider is not met by its own alphabet')
}

function hasOneOf(text: string, letters: string): boolean {
  for (const letter of text) if (letters.includes(letter)) return true
  return false
}
