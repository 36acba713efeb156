import type { CredentialRecord } from '../kernel/credential.ts'
import { afterAnswer, afterFailure, callProvider } from './call-provider.ts'
import { chooseAuth } from './choose-auth.ts'
import type { Moment, RotatorDeps, Taken } from './context.ts'
import { generateSecret } from './generate-secret.ts'
import { type CreateSight, type Observation, forgetProbes, sawList } from './observation.ts'
import { knownIdsOf } from './reconcile.ts'

/**
 * Chooses the value of the next candidate: saved before anything is sent, and never chosen twice.
 */
export function prepareVersion(deps: RotatorDeps, { record, seen, nowMs }: Moment): Taken {
  const generation = record.lastGeneration + 1
  const value = generateSecret(deps.provider.traits.valueRule, deps.random)
  return {
    record: {
      ...record,
      phase: 'prepared',
      lastGeneration: generation,
      pending: {
        generation,
        value,
        secretId: null,
        fingerprint: deps.fingerprint(value),
        createdAtMs: nowMs,
        idsBefore: seen.list?.ids ?? [],
        attempts: 1,
        firstSeenAtMs: null,
        probesPassed: 0,
      },
      absentSinceMs: null,
    },
    seen: withCreate(seen, { generation, outcome: 'unsent', atMs: nowMs }),
  }
}

/** Saves that the same value is sent once more; a create of it may then be delivered twice. */
export function resendVersion({ record, seen, nowMs }: Moment): Taken {
  const { pending } = record
  if (pending === null) return { record, seen }
  const { generation } = pending
  return {
    record: { ...record, pending: { ...pending, attempts: pending.attempts + 1 } },
    seen: withCreate(seen, { generation, outcome: 'unsent', atMs: nowMs }),
  }
}

/**
 * Sends the create call. Without an answer its outcome is unknown, and the plan finds it out by
 * list and probe.
 */
export async function createVersion(deps: RotatorDeps, moment: Moment): Promise<Taken> {
  const { record, nowMs, signal } = moment
  const { pending } = record
  if (pending === null) return { record, seen: moment.seen }
  const { generation, value } = pending
  const auths = await chooseAuth(deps, moment, 'create')
  const answer = await callProvider(deps, 'create', auths, signal, (auth, inner) =>
    deps.provider.create(auth, value, inner),
  )
  const atMs = nowMs
  const seen = forgetProbes(moment.seen, [generation])
  switch (answer.kind) {
    case 'created':
      return bindPending({ ...moment, seen: afterAnswer(seen) }, answer.secretId)
    case 'slots-full':
    case 'invalid-value':
      return {
        record,
        seen: afterAnswer(withCreate(seen, { generation, outcome: answer.kind, atMs })),
      }
    case 'throttled':
      // Nothing happened: the same call is sent again later.
      return afterFailure(deps, moment, answer)
    case 'unauthorized':
    case 'forbidden':
    case 'account-not-found':
    case 'unavailable': {
      const unknown = withCreate(seen, { generation, outcome: 'unknown', atMs })
      return afterFailure(deps, { ...moment, seen: unknown }, answer)
    }
  }
}

/**
 * The id of the candidate is known: by the provider's own answer, or by set difference and a
 * successful probe.
 */
export function bindPending({ record, seen, nowMs }: Moment, secretId: string): Taken {
  const { pending } = record
  if (pending === null) return { record, seen }
  const bound: CredentialRecord = {
    ...record,
    phase: record.phase === 'prepared' ? 'created' : record.phase,
    pending: { ...pending, secretId, firstSeenAtMs: pending.firstSeenAtMs ?? nowMs },
    absentSinceMs: null,
  }
  const ids = seen.list?.ids ?? record.pending?.idsBefore ?? []
  const listed = ids.includes(secretId) ? ids : [...ids, secretId]
  return {
    record: bound,
    seen: sawList({ ...seen, create: null }, listed, knownIdsOf(bound), nowMs),
  }
}

/** A new id is listed that may be ours: from now on it has the propagation time to prove it. */
export function sightVersion({ record, seen, nowMs }: Moment): Taken {
  const { pending } = record
  if (pending === null) return { record, seen }
  return { record: { ...record, pending: { ...pending, firstSeenAtMs: nowMs } }, seen }
}

/** What was listed before the call no longer counts. */
function withCreate(seen: Observation, create: CreateSight): Observation {
  return { ...seen, create, list: create.outcome === 'unsent' ? seen.list : null }
}
