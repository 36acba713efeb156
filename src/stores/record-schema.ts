import { z } from 'zod'
import { type CredentialRecord, PHASES } from '../kernel/credential.ts'
import { SecretValue } from '../kernel/secret-value.ts'

const instantMs = z.number().nonnegative()
const generation = z.int().min(1)
const secret = z.string().transform((text) => new SecretValue(text))
const stage = z.enum(['pending', 'current', 'previous'])

const version = {
  generation,
  value: secret,
  secretId: z.string().nullable(),
  fingerprint: z.string(),
  createdAtMs: instantMs,
}

const current = z.strictObject({ ...version, activatedAtMs: instantMs, bootstrap: z.boolean() })

const pending = z.strictObject({
  ...version,
  idsBefore: z.array(z.string()),
  attempts: z.int().nonnegative(),
  firstSeenAtMs: instantMs.nullable(),
  probesPassed: z.int().nonnegative(),
  rollout: z.strictObject({ share: z.number().positive(), sinceMs: instantMs }).exactOptional(),
})

const previous = z.strictObject({ ...version, demotedAtMs: instantMs, bootstrap: z.boolean() })

const tombstone = z.strictObject({
  generation,
  value: secret,
  secretId: z.string().nullable(),
  fingerprint: z.string(),
  reason: z.string(),
  atMs: instantMs,
})

const blocked = z.strictObject({
  reason: z.enum([
    'slot-full-foreign',
    'no-working-secret',
    'attribution-ambiguous',
    'candidate-rejected',
    'member-silent',
    'record-foreign-write',
    'assertion-failed',
  ]),
  sinceMs: instantMs,
  detail: z.string(),
})

/**
 * The JSON of a record, as every store holds it; parsing restores the secrets. Strict: a field of a newer Sidekey is
 * an error, since saving the record again would lose it.
 */
export const recordSchema: z.ZodType<CredentialRecord> = z.strictObject({
  schema: z.literal(1),
  credentialId: z.string(),
  account: z.string(),
  phase: z.enum(PHASES),
  phaseSinceMs: instantMs,
  blocked: blocked.nullable(),
  paused: z.boolean(),
  lastGeneration: generation,
  current,
  pending: pending.nullable(),
  previous: previous.nullable(),
  tombstones: z.array(tombstone),
  absentSinceMs: instantMs.nullable(),
  emergency: z.strictObject({ compromised: z.array(stage), sinceMs: instantMs }).nullable(),
  requestedAtMs: instantMs.nullable(),
  bootstrapConsent: z.boolean(),
  lastRotationAtMs: instantMs.nullable(),
  nextRotationAtMs: instantMs.nullable(),
  notBeforeMs: instantMs.nullable(),
  lastWriter: z.strictObject({
    instance: z.string(),
    fence: z.int().nonnegative(),
    atMs: instantMs.optional(),
  }),
})
