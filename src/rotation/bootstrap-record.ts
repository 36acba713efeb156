import { type CredentialRecord, UNKNOWN_VALUE } from '../kernel/credential.ts'
import type { SecretValue } from '../kernel/secret-value.ts'
import type { RotatorDeps } from './context.ts'
import { nextRotationAtMs } from './schedule.ts'

/**
 * The first record of a credential: the configuration's secret is current, and its id is not known
 * yet. Null: there is none, and the account's first secret is still to be made.
 */
export function bootstrapRecord(
  deps: RotatorDeps,
  value: SecretValue | null,
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
      value: value ?? UNKNOWN_VALUE,
      secretId: null,
      fingerprint: value === null ? '' : deps.fingerprint(value),
      createdAtMs: nowMs,
      activatedAtMs: nowMs,
      bootstrap: value !== null,
    },
    pending: null,
    previous: null,
    tombstones: [],
    absentSinceMs: null,
    emergency: null,
    requestedAtMs: null,
    bootstrapConsent: false,
    lastRotationAtMs: null,
    nextRotationAtMs: value && nextRotationAtMs(deps.policy, deps.random, nowMs),
    notBeforeMs: null,
    lastWriter: { instance: deps.instance, fence: 0 },
  }
}
