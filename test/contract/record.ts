import type { CredentialRecord } from '../../src/kernel/credential.ts'
import { SecretValue } from '../../src/kernel/secret-value.ts'

const AT_MS = Date.parse('2026-11-23T00:00:00Z')

/** A credential that rests with one secret. `account` is `<credentialId>-account`. */
export function idleRecord(
  credentialId: string,
  changes: Partial<CredentialRecord> = {},
): CredentialRecord {
  return {
    schema: 1,
    credentialId,
    account: `${credentialId}-account`,
    phase: 'idle',
    phaseSinceMs: AT_MS,
    blocked: null,
    paused: false,
    lastGeneration: 1,
    current: {
      generation: 1,
      value: new SecretValue('Planted1CurrentSecret'),
      secretId: 'id-1',
      fingerprint: '0123456789ab',
      createdAtMs: AT_MS,
      activatedAtMs: AT_MS,
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
    nextRotationAtMs: null,
    notBeforeMs: null,
    lastWriter: { instance: 'i1', fence: 1 },
    ...changes,
  }
}

/** A record in which every field holds something: three secrets in two live versions and a tombstone. */
export function fullRecord(credentialId: string): CredentialRecord {
  return idleRecord(credentialId, {
    phase: 'staged',
    blocked: { reason: 'slot-full-foreign', sinceMs: AT_MS, detail: 'an unknown secret: “ä”' },
    paused: true,
    lastGeneration: 3,
    pending: {
      generation: 3,
      value: new SecretValue('Planted3Pending"\\ \u{1f511}\n'),
      secretId: null,
      fingerprint: 'ab0123456789',
      createdAtMs: AT_MS + 1,
      idsBefore: ['id-1'],
      attempts: 2,
      firstSeenAtMs: AT_MS + 2,
      probesPassed: 1,
      rollout: { share: 0.1, sinceMs: AT_MS + 3 },
    },
    tombstones: [
      {
        generation: 2,
        value: new SecretValue('Planted2Tombstone'),
        secretId: null,
        fingerprint: 'ba9876543210',
        reason: 'invalid-value',
        atMs: AT_MS + 3,
      },
    ],
    absentSinceMs: AT_MS + 4,
    emergency: { compromised: ['current', 'pending'], sinceMs: AT_MS + 5 },
    requestedAtMs: AT_MS + 6,
    bootstrapConsent: true,
    lastRotationAtMs: AT_MS + 7,
    nextRotationAtMs: AT_MS + 8,
    notBeforeMs: AT_MS + 9,
  })
}

/** The record as plain data with its secrets in clear text, so that two can be compared. */
export function revealed(record: CredentialRecord): unknown {
  return JSON.parse(
    JSON.stringify(record, function (this: Record<string, unknown>, key, value: unknown) {
      const held = this[key]
      return held instanceof SecretValue ? { secret: held.expose() } : value
    }),
  )
}
