import {
  type CredentialRecord,
  type Phase,
  assertCredential,
} from '../../../src/kernel/credential.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { DAY_MS } from './bench.ts'

export const NOW_MS = Date.parse('2026-11-24T12:00:00Z')

const HAS_PENDING: readonly Phase[] = ['prepared', 'created', 'verified', 'staged', 'aborting']
const HAS_PREVIOUS: readonly Phase[] = ['promoted', 'retiring']

function version(generation: number, secretId: string | null) {
  return {
    generation,
    value: new SecretValue(`Value0of0generation0${generation}`),
    secretId,
    fingerprint: `fp-${generation}`,
    createdAtMs: NOW_MS - 10 * DAY_MS,
  }
}

/** A sound record of a phase: current is g3 (id c3), previous g2 (id p2), pending g4 (id n4). */
export function aRecord(phase: Phase, changes: Partial<CredentialRecord> = {}): CredentialRecord {
  const pending = {
    ...version(4, phase === 'prepared' ? null : 'n4'),
    createdAtMs: NOW_MS - 60_000,
    idsBefore: ['c3'],
    attempts: 1,
    firstSeenAtMs: phase === 'prepared' ? null : NOW_MS - 60_000,
    probesPassed: 0,
  }
  const record: CredentialRecord = {
    schema: 1,
    credentialId: 'partner',
    account: 'a1b2c3d4',
    phase,
    phaseSinceMs: NOW_MS - 60_000,
    blocked: null,
    paused: false,
    lastGeneration: 4,
    current: { ...version(3, 'c3'), activatedAtMs: NOW_MS - DAY_MS, bootstrap: false },
    pending: HAS_PENDING.includes(phase) ? pending : null,
    previous: HAS_PREVIOUS.includes(phase)
      ? { ...version(2, 'p2'), demotedAtMs: NOW_MS - DAY_MS, bootstrap: false }
      : null,
    tombstones: [],
    absentSinceMs: null,
    emergency: null,
    requestedAtMs: null,
    bootstrapConsent: false,
    lastRotationAtMs: null,
    nextRotationAtMs: NOW_MS + 29 * DAY_MS,
    notBeforeMs: null,
    lastWriter: { instance: 'life-1', fence: 1 },
    ...changes,
  }
  assertCredential(record)
  return record
}
