import type { CredentialRecord } from '../kernel/credential.ts'
import type { SecretValue } from '../kernel/secret-value.ts'
import type { RotatorDeps } from './context.ts'
import { nextRotationAtMs } from './schedule.ts'

/**
 * The first record of a credential: the configuration's secret is current, and its id is not known
 * yet.
 */
export function bootstrapRecord(
  deps: RotatorDeps,
  value: SecretValue,
  nowMs: number,
): CredentialRecord {
  return {
    schema: 1,
    credentialId: deps.credentialId,
    account: deps.account,
    phase: 'idle',
    phaseSinceMs: nowMs,
    blocked: null,
    paused: false,
    lastGeneration: 1,
    current: {
      generation: 1,
      value,
      secretId: null,
      fingerprint: deps.fingerprint(value),
      createdAtMs: nowMs,
      activatedAtMs: nowMs,
      bootstrap: true,
    },
    pending: null,
    previous: null,
    tombstones: [],
    absentSinceMs: null,
    emergency: null,
    requestedAtMs: null,
    bootstrapConsent: false,
    lastRotationAtMs: null,
    nextRotationAtMs: nextRotationAtMs(deps.policy, deps.random, nowMs),
    notBeforeMs: null,
    lastWriter: { instance: deps.instance, fence: 0 },
  }
}
