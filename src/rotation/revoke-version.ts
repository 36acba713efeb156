import type { Emergency, Stage } from '../kernel/credential.ts'
import type { PromoteAnswer } from '../kernel/ports/provider.ts'
import { afterAnswer, afterFailure, callProvider } from './call-provider.ts'
import { chooseAuth } from './choose-auth.ts'
import type { Moment, RotatorDeps, Taken } from './context.ts'
import { forgetProbes } from './observation.ts'

/** Saves the intent to revoke previous. */
export function retireVersion({ record, seen }: Moment): Taken {
  return { record: { ...record, phase: 'retiring', absentSinceMs: null }, seen }
}

/**
 * Revokes previous (retiring) or the given-up candidate (aborting), authenticated by what remains.
 * It may be sent twice: the id is attributed, never reused, and its absence is success.
 */
export async function revokeVersion(deps: RotatorDeps, moment: Moment): Promise<Taken> {
  const { record, seen, nowMs, signal } = moment
  const { slots } = deps.provider.traits
  if (slots !== undefined && record.phase === 'retiring') {
    return promoteAtProvider(deps, moment, slots.primary)
  }
  const victim = record.phase === 'retiring' ? record.previous : record.pending
  const secretId = victim?.secretId ?? null
  if (victim === null || secretId === null) return { record, seen }
  const auths = await chooseAuth(deps, moment, 'revoke')
  const answer = await callProvider(deps, 'revoke', auths, signal, (auth, inner) =>
    deps.provider.revoke(auth, secretId, inner),
  )
  // What was believed of the list and of both versions no longer counts: the wrong id may have been
  // hit.
  const after = forgetProbes({ ...seen, list: null }, [
    record.current.generation,
    victim.generation,
  ])
  switch (answer.kind) {
    case 'revoked':
    case 'absent':
      return { record: { ...record, absentSinceMs: nowMs }, seen: afterAnswer(after) }
    case 'last-secret':
      return { record, seen: afterAnswer({ ...after, lastSecretId: secretId }) }
    case 'unauthorized':
    case 'forbidden':
    case 'account-not-found':
    case 'throttled':
    case 'unavailable':
      return afterFailure(deps, { ...moment, seen: after }, answer)
  }
}

/**
 * Ends previous by promoting current at the provider. Both answers tell the same of current: it is
 * the primary now, since there is no secondary any more.
 */
async function promoteAtProvider(
  deps: RotatorDeps,
  moment: Moment,
  primary: string,
): Promise<Taken> {
  const { record, seen, nowMs, signal } = moment
  const { current, previous } = record
  if (previous === null) return { record, seen }
  const auths = await chooseAuth(deps, moment, 'promote')
  const answer = await callProvider<PromoteAnswer>(deps, 'promote', auths, signal, (auth, inner) =>
    deps.provider.promote === undefined
      ? Promise.resolve({ kind: 'forbidden' })
      : deps.provider.promote(auth, inner),
  )
  const after = forgetProbes(seen, [current.generation, previous.generation])
  if (answer.kind !== 'promoted' && answer.kind !== 'absent') {
    return afterFailure(deps, { ...moment, seen: after }, answer)
  }
  return {
    record: { ...record, current: { ...current, secretId: primary }, absentSinceMs: nowMs },
    seen: afterAnswer(after),
  }
}

/** The id is absent from the list for long enough: there is nothing to revoke. */
export function goneVersion({ record, seen, nowMs }: Moment): Taken {
  return { record: { ...record, absentSinceMs: nowMs }, seen }
}

/** The end of a rotation: the old version is proven dead, and its value is forgotten. */
export function finishRotation({ record, seen, nowMs }: Moment): Taken {
  return {
    record: {
      ...record,
      phase: 'idle',
      previous: null,
      absentSinceMs: null,
      bootstrapConsent: false,
      lastRotationAtMs: nowMs,
      emergency: withoutStage(record.emergency, 'previous'),
    },
    seen,
  }
}

/** What is left of an emergency when the version of a stage is gone. */
export function withoutStage(emergency: Emergency | null, gone: Stage): Emergency | null {
  const compromised = (emergency?.compromised ?? []).filter((stage) => stage !== gone)
  return emergency === null || compromised.length === 0 ? null : { ...emergency, compromised }
}
