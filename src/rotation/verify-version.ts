import type { CredentialRecord } from '../kernel/credential.ts'
import type { SecretValue } from '../kernel/secret-value.ts'
import { afterFailure, callProvider, withDeadline } from './call-provider.ts'
import { chooseAuth } from './choose-auth.ts'
import type { Moment, RotatorDeps, Taken } from './context.ts'
import { sawList, sawProbe } from './observation.ts'
import { knownIdsOf } from './reconcile.ts'

/** Authenticates with one version, at every service of the provider, and remembers the verdict. */
export async function probeVersion(
  deps: RotatorDeps,
  { record, seen, nowMs, signal }: Moment,
  generation: number,
): Promise<Taken> {
  const value = valueOf(record, generation)
  if (value === null) return { record, seen }
  deps.crashPoint('verify:before')
  const answer = await withDeadline(deps.clock, signal, (inner) =>
    deps.provider.verify(value, inner),
  )
  deps.telemetry.providerCall(deps.credentialId, 'verify', answer.kind)
  deps.crashPoint('verify:after')
  if (answer.kind === 'refused') {
    deps.log.info('secret version refused', {
      credential: deps.credentialId,
      generation,
      service: answer.service,
    })
  }
  const retryAfterMs = answer.kind === 'inconclusive' ? answer.retryAfterMs : null
  return { record, seen: sawProbe(seen, generation, answer.kind, retryAfterMs, nowMs) }
}

function valueOf(record: CredentialRecord, generation: number): SecretValue | null {
  const versions = [record.current, record.pending, record.previous, ...record.tombstones]
  return versions.find((version) => version?.generation === generation)?.value ?? null
}

/** Reads which ids the account has. */
export async function listVersions(deps: RotatorDeps, moment: Moment): Promise<Taken> {
  const { record, seen, nowMs, signal } = moment
  const startedMs = deps.clock.monotonic()
  const auths = await chooseAuth(deps, moment, 'list')
  const answer = await callProvider(deps, 'list', auths, signal, (auth, inner) =>
    deps.provider.list(auth, inner),
  )
  if (answer.kind !== 'listed') return afterFailure(deps, moment, answer)
  const ids = answer.secrets.map(({ secretId }) => secretId)
  const times = new Map(answer.secrets.map((one) => [one.secretId, one.createdAtMs] as const))
  // By the same time as all decisions, which a jump of the wall clock does not move.
  const answeredAtMs = nowMs + (deps.clock.monotonic() - startedMs)
  const listed = sawList(seen, ids, knownIdsOf(record), nowMs, times, answeredAtMs)
  // Before a revoke: that listing works is no reason to try a revoke that is refused as if for the first time.
  const { callFailures, callHold } = seen
  const isCheck = record.phase === 'retiring' && record.absentSinceMs === null
  return { record, seen: isCheck ? { ...listed, callFailures, callHold } : listed }
}

/** The candidate has proven itself often enough; requests may fall back to it from now on. */
export function verifiedVersion({ record, seen }: Moment): Taken {
  const { pending } = record
  if (pending === null) return { record, seen }
  const probesPassed = seen.probes.get(pending.generation)?.streak ?? 0
  return { record: { ...record, phase: 'verified', pending: { ...pending, probesPassed } }, seen }
}
