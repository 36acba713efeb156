import type { Catalog, ProviderModule } from '../config/provider-module.ts'
import { Refusal } from '../config/refusal.ts'
import type { Environment } from '../config/secret-source.ts'
import type { CredentialConfig, SidekeyConfig } from '../config/types.ts'
import { SidekeyError } from '../kernel/errors.ts'
import { PROVIDER_CALL_TIMEOUT_MS } from '../kernel/limits.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { VerifyAnswer } from '../kernel/ports/provider.ts'
import { SecretValue } from '../kernel/secret-value.ts'
import { connectUpstream } from './connect-upstream.ts'
import { checkSources, readOnce } from './read-once.ts'

/** What `sidekey check` needs. */
export interface CheckDeps {
  readonly catalog: Catalog
  readonly env: Environment
  readonly clock: Clock
  readonly log: Log
  /**
   * The secret that is in use by now, as `readRecordedSecret` tells it. Null, or without it: the configuration's own
   * secret is verified, which may be revoked since the first rotation.
   */
  readonly recordedSecret?: (
    config: SidekeyConfig,
    credentialId: string,
  ) => Promise<SecretValue | null>
}

/** One thing that was tried. */
export interface OnlineResult {
  readonly kind: 'upstream' | 'source' | 'credential'
  /** The origin of an upstream, the id of a credential, or that and the key of one of its secrets. */
  readonly name: string
  readonly ok: boolean
  /** A word or two: `reachable`, `ECONNREFUSED`, `accepted`, `refused`. */
  readonly detail: string
}

/** Connects to each upstream, reads each secret that a server holds, and lets each provider verify its secrets. Sends no request of an app, rotates nothing. */
export async function checkOnline(
  config: SidekeyConfig,
  deps: CheckDeps,
  progress: (line: string) => void,
): Promise<readonly OnlineResult[]> {
  const results: OnlineResult[] = []
  const add = (result: OnlineResult) => {
    results.push(result)
    progress(`${result.ok ? 'ok    ' : 'FAILED'}  ${result.kind} ${result.name}: ${result.detail}`)
  }
  for (const origin of new Set(config.routes.map(({ upstream }) => upstream.origin))) {
    const failure = await connectUpstream(origin)
    add({ kind: 'upstream', name: origin, ok: failure === null, detail: failure ?? 'reachable' })
  }
  for (const { name, failure } of await checkSources(config, deps)) {
    add({ kind: 'source', name, ok: failure === null, detail: failure ?? 'read' })
  }
  for (const credential of config.credentials) {
    const provider = deps.catalog.providers.find(({ name }) => name === credential.providerName)
    // A further secret of an account is none that its management API would know, nor must it go there.
    if (provider?.create === undefined || credential.writtenAt !== undefined) continue
    const detail = await verify(config, credential, provider, deps)
    const ok = detail === 'accepted' || detail === NONE_YET.message
    add({ kind: 'credential', name: credential.id, ok, detail })
  }
  return results
}

async function verify(
  config: SidekeyConfig,
  credential: CredentialConfig,
  provider: ProviderModule,
  deps: CheckDeps,
): Promise<string> {
  const { clock, log } = deps
  const secret = await currentSecret(config, credential, deps)
  if (!(secret instanceof SecretValue)) return secret.message
  const readOther = (key: string) => readOtherSecret(credential, key, deps)
  const client = provider.create?.(credential.options, { clock, log, readSecret: readOther })
  if (client === undefined) return 'accepted'
  const patience = new AbortController()
  const stop = clock.after(PROVIDER_CALL_TIMEOUT_MS, () => patience.abort())
  try {
    return describe(await client.verify(secret, patience.signal))
  } finally {
    stop()
    await client.close()
  }
}

async function readOtherSecret(
  { sources }: CredentialConfig,
  key: string,
  deps: CheckDeps,
): Promise<SecretValue | null> {
  const source = sources.others?.[key]
  const found = source && (await readOnce(source, { fitsHeader: true }, deps))
  return found instanceof SecretValue ? found : null
}

/** No failure: there is nothing to verify before the first start. */
const NONE_YET = new Refusal('no secret yet, its manager makes it', 'start sidekey')

/** What is recorded wins over the configuration; a store that can't be read is a result like any other. */
async function currentSecret(
  config: SidekeyConfig,
  credential: CredentialConfig,
  deps: CheckDeps,
): Promise<SecretValue | { readonly message: string }> {
  try {
    const recorded = credential.rotation && (await deps.recordedSecret?.(config, credential.id))
    const { current } = credential.sources
    if (recorded) return recorded
    return current === null ? NONE_YET : await readOnce(current, credential, deps)
  } catch (error) {
    if (error instanceof SidekeyError) return new Refusal(error.code, 'look at the store')
    throw error
  }
}

function describe(answer: VerifyAnswer): string {
  return answer.kind === 'accepted' ? answer.kind : `${answer.kind} by ${answer.service}`
}
