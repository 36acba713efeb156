import { acceptSecret, readSecretSource, type SecretRules } from '../config/secret-source.ts'
import type { CredentialConfig, SidekeyConfig } from '../config/types.ts'
import { isLocal, type SecretSource } from '../kernel/secret-source.ts'
import { SecretValue } from '../kernel/secret-value.ts'
import { openFetchers } from '../sources/open-fetchers.ts'
import { SourceFault } from '../sources/secret-fetcher.ts'
import type { CheckDeps } from './check-online.ts'

type ReadDeps = Pick<CheckDeps, 'clock' | 'env'>

/** Reads a secret, wherever it is; a server is asked once. What is wrong is an answer. */
export async function readOnce(
  source: SecretSource,
  rules: SecretRules,
  { clock, env }: ReadDeps,
): Promise<SecretValue | { readonly message: string }> {
  if (isLocal(source)) return readSecretSource(source, env, rules)
  const opened = openFetchers([source], {
    clock,
    env,
    readLocal: (local) => readSecretSource(local, env),
    // Nothing is logged here: each call bounds itself, and faults hold no values.
    keepSecret: () => {},
  })
  try {
    const found = await opened.fetchers[0]?.fetch(new AbortController().signal)
    if (found === undefined) throw new Error('a source without a fetcher')
    return found instanceof SecretValue ? acceptSecret(found, rules) : found
  } finally {
    await opened.close()
  }
}

/** Reads every secret that a server holds; a second one may be missing there. */
export async function checkSources(
  config: SidekeyConfig,
  deps: ReadDeps,
): Promise<readonly { readonly name: string; readonly failure: string | null }[]> {
  const results = []
  for (const credential of config.credentials) {
    for (const [key, source] of sourcesOf(credential)) {
      if (isLocal(source)) continue
      const isOwn = key === 'current' || key === 'previous'
      const found = await readOnce(source, isOwn ? credential : { fitsHeader: true }, deps)
      const mayLack =
        key === 'previous' && found instanceof SourceFault && found.reason === 'absent'
      const failure = found instanceof SecretValue || mayLack ? null : found.message
      results.push({ name: `${credential.id} ${key}`, failure })
    }
  }
  return results
}

function sourcesOf({ sources }: CredentialConfig): readonly (readonly [string, SecretSource])[] {
  const { current, previous, others = {} } = sources
  return Object.entries({ current, previous, ...others }).flatMap(([key, source]) =>
    source === null ? [] : [[key, source] as const],
  )
}
