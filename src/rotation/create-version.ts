import { type CredentialRecord, hasValue } from '../kernel/credential.ts'
import type { CreateAnswer } from '../kernel/ports/provider.ts'
import { afterAnswer, afterFailure, callProvider } from './call-provider.ts'
import { chooseAuth } from './choose-auth.ts'
import type { Moment, RotatorDeps, Taken } from './context.ts'
import { generateSecretFor } from './generate-secret.ts'
import { type CreateSight, type Observation, forgetProbes, sawList } from './observation.ts'
import { knownIdsOf } from './reconcile.ts'

/**
 * Chooses the value of the next candidate: saved before anything is sent, and never chosen twice.
 * Where the provider chooses it, the intent alone is saved, with the ids of before: they tell an
 * orphan from what was there.
 */
export function prepareVersion(deps: RotatorDeps, { record, seen, nowMs }: Moment): Taken {
  const generation = record.lastGeneration + 1
  const value = generateSecretFor(deps.provider.traits, deps.random)
  return {
    record: {
      ...record,
      phase: 'prepared',
      lastGeneration: generation,
      pending: {
        generation,
        value,
        secretId: null,
        fingerprint: hasValue({ value }) ? deps.fingerprint(value) : '',
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
    deps.provider.create(auth, hasValue(pending) ? value : null, inner),
  )
  const atMs = nowMs
  const seen = forgetProbes(moment.seen, [generation])
  switch (answer.kind) {
    case 'created':
      return takeCreated(deps, { ...moment, seen: afterAnswer(seen) }, answer)
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
 * Takes over what the answer tells: the id, and the value where the provider chose it. Where it
 * tells no value, it is as if no answer had come.
 */
function takeCreated(
  deps: RotatorDeps,
  moment: Moment,
  { secretId, value }: Extract<CreateAnswer, { kind: 'created' }>,
): Taken {
  const { record, seen, nowMs } = moment
  const { pending, current } = record
  const told = pending !== null && hasValue(pending) ? pending.value : value
  if (pending === null || told === null) {
    const generation = pending?.generation ?? 0
    return { record, seen: withCreate(seen, { generation, outcome: 'unknown', atMs: nowMs }) }
  }
  const known = { ...pending, value: told, fingerprint: deps.fingerprint(told) }
  const { slots } = deps.provider.traits
  // The secondary's place was free, so current is the primary.
  const bound = slots === undefined ? current : { ...current, secretId: slots.primary }
  return bindPending({ ...moment, record: { ...record, current: bound, pending: known } }, secretId)
}

/**
 * The id of the candidate is known: by the provider's own answer, or by set difference and a
 * successful probe. Where its value is lost with the answer, it is good for nothing and given up.
 */
export function bindPending({ record, seen, nowMs }: Moment, secretId: string): Taken {
  const { pending } = record
  if (pending === null) return { record, seen }
  const bound: CredentialRecord = {
    ...record,
    phase:
      record.phase === 'prepared' ? (hasValue(pending) ? 'created' : 'aborting') : record.phase,
    pending: { ...pending, secretId, firstSeenAtMs: pending.firstSeenAtMs ?? nowMs },
    absentSinceMs: null,
  }
  const ids = seen.list?.ids ?? pending.idsBefore
  // Nothing is listed where nothing was listed before.
  if (ids.length === 0) return { record: bound, seen: { ...seen, create: null } }
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
