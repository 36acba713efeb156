import type { Catalog, ProviderModule } from '../config/provider-module.ts'
import { Refusal } from '../config/refusal.ts'
import type { Environment } from '../config/secret-source.ts'
import type { CredentialConfig, SidekeyConfig } from '../config/types.ts'
import { SidekeyError, unreachable } from '../kernel/errors.ts'
import { PROVIDER_CALL_TIMEOUT_MS } from '../kernel/limits.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { VerifyAnswer } from '../kernel/ports/provider.ts'
import { SecretValue } from '../kernel/secret-value.ts'
import { Connections } from '../calls/connections.ts'
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
  /** What to do about a failure; null where there is nothing to do. */
  readonly remedy: string | null
}

/** Connects to each upstream, reads each secret that a server holds, and lets each provider verify its secrets. Sends no request of an app, rotates nothing. */
export async function checkOnline(
  config: SidekeyConfig,
  deps: CheckDeps,
  progress: (line: string) => void,
): Promise<readonly OnlineResult[]> {
  const results: OnlineResult[] = []
  const add = (kind: OnlineResult['kind'], name: string, { ok, detail, remedy }: Verdict) => {
    results.push({ kind, name, ok, detail, remedy })
    const advice = remedy === null ? '' : ` — ${remedy}`
    progress(`${ok ? 'ok    ' : 'FAILED'}  ${kind} ${name}: ${detail}${advice}`)
  }
  for (const origin of new Set(config.routes.map(({ upstream }) => upstream.origin))) {
    const failure = await connectUpstream(origin)
    add('upstream', origin, failure === null ? good('reachable') : bad(failure, remedyFor(failure)))
  }
  for (const { name, failure } of await checkSources(config, deps)) {
    add('source', name, failure === null ? good('read') : bad(failure, SOURCE_REMEDY))
  }
  const connections = new Connections()
  try {
    for (const credential of config.credentials) {
      const provider = deps.catalog.providers.find(({ name }) => name === credential.providerName)
      // A further secret of an account is none that its management API would know, nor must it go there.
      if (provider?.create === undefined || credential.writtenAt !== undefined) continue
      const verdict = await verify(config, credential, provider, { ...deps, connections })
      add('credential', credential.id, verdict)
    }
  } finally {
    await connections.close()
  }
  return results
}

type Verdict = Pick<OnlineResult, 'ok' | 'detail' | 'remedy'>

function good(detail: string): Verdict {
  return { ok: true, detail, remedy: null }
}

function bad(detail: string, remedy: string): Verdict {
  return { ok: false, detail, remedy }
}

const SOURCE_REMEDY = 'see that its server runs, and that it lets this host read the secret'

/** By the word that a connection failed with. */
function remedyFor(failure: string): string {
  if (/^(ENOTFOUND|EAI_)/.test(failure)) return 'correct the name, or see why nothing resolves it'
  if (/^E[A-Z]+$|^timeout$/.test(failure))
    return 'see that it runs, and that this host may reach it'
  return 'see its certificate: expired, for another name, or of an authority unknown here'
}

async function verify(
  config: SidekeyConfig,
  credential: CredentialConfig,
  provider: ProviderModule,
  deps: CheckDeps & { readonly connections: Connections },
): Promise<Verdict> {
  const { clock, log, connections } = deps
  const secret = await currentSecret(config, credential, deps)
  if (secret === NONE_YET) return good(NONE_YET.message)
  if (!(secret instanceof SecretValue)) return bad(secret.message, remedyOf(secret))
  const readOther = (key: string) => readOtherSecret(credential, key, deps)
  const client = provider.create?.(credential.options, {
    clock,
    log,
    connections,
    readSecret: readOther,
  })
  if (client === undefined) return good('accepted')
  const patience = new AbortController()
  const stop = clock.after(PROVIDER_CALL_TIMEOUT_MS, () => patience.abort())
  try {
    return describe(await client.verify(secret, patience.signal))
  } finally {
    stop()
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

function remedyOf(found: { readonly message: string }): string {
  return found instanceof Refusal ? found.remedy : SOURCE_REMEDY
}

function describe(answer: VerifyAnswer): Verdict {
  switch (answer.kind) {
    case 'accepted':
      return good(answer.kind)
    case 'refused':
      return bad(`refused by ${answer.service}`, 'give it a secret that the account has now')
    case 'inconclusive':
      return bad(`inconclusive by ${answer.service}`, 'try again when the service answers')
    default:
      return unreachable(answer)
  }
}
