import { z } from 'zod'
import { parseInstant, parseWindow } from './calendar.ts'
import type { ProviderModule } from './provider-module.ts'
import { Refusal, scalar } from './refusal.ts'
import { secretSource } from './schema-source.ts'
import { nameOf } from './schema-words.ts'
import { stagedPromotionKeys } from './schema-staged-promotion.ts'
import { DAY_MS, parseDuration, parsePercentage } from './units.ts'

const DRAIN_MAX_MS = 7 * DAY_MS
const JITTER_MAX_RATIO = 0.5
const DURATION_PATTERN = '^[0-9]+(ms|s|m|h|d)$'
const INSTANT = '2026-12-20T00:00:00Z'
const CALENDAR_MAX = 100

const rotationKeys = z.strictObject({
  every: scalar(parseDuration, {
    description: 'Age at which the current secret is replaced. Default 30d.',
    pattern: DURATION_PATTERN,
  }).prefault('30d'),
  jitter: scalar(parseJitter, {
    description: 'Share of `every` by which each rotation moves at random. 0% to 50%; default 10%.',
    examples: ['10%'],
  }).prefault('10%'),
  drain: scalar(parseDrain, {
    description:
      'How long the old secret must be unused before it is revoked. At most 7d; default 1h.',
    pattern: DURATION_PATTERN,
  }).prefault('1h'),
  standby: z.enum(['hot', 'none']).default('hot').meta({
    description:
      'hot: a fresh second secret is always live, to fall back to. none: the slot stays free between rotations.',
  }),
  revokeBootstrap: z.enum(['confirm', 'auto']).default('confirm').meta({
    description:
      'Whether the secret of this file may be revoked without an operator: other apps may still use it.',
  }),
  windows: z
    .array(
      scalar(parseWindow, {
        description: 'Days, optional, and times in UTC.',
        examples: ['Mon-Fri 08:00-17:00', '22:00-02:00'],
      }),
    )
    .max(CALENDAR_MAX)
    .default([])
    .meta({ description: 'Promotions and revocations happen only inside one of these.' }),
  blackouts: z
    .array(
      z.strictObject({
        from: scalar(parseInstant, { description: 'Start, RFC 3339.', examples: [INSTANT] }),
        until: scalar(parseInstant, { description: 'End, RFC 3339.', examples: [INSTANT] }),
      }),
    )
    .max(CALENDAR_MAX)
    .default([])
    .meta({ description: 'No promotion and no revocation inside these. Emergencies ignore them.' }),
  stagedPromotion: stagedPromotionKeys.optional(),
  memberSilent: scalar(parseDuration, {
    description: 'Silence of a replica after which `member-silent` is raised. Default 5m.',
    pattern: DURATION_PATTERN,
  }).prefault('5m'),
})

/** Keys that Sidekey itself gives to every credential. */
const ownKeys = {
  secret: secretSource(
    'The secret. With a rotation it is used until the first one; with `managedBy` it may be missing, and the manager makes the first one.',
  ).optional(),
  current: secretSource('The current secret, where somebody else rotates. Watched.').optional(),
  previous: secretSource('The secret before it; may be missing between rotations.').optional(),
}

/** Tools that write YAML 1.1 turn `off` into `false`. */
const offKeys = z.literal(['off', false]).transform((): 'off' => 'off')

/** Only a provider that can create secrets may be asked to rotate or to manage another account. */
const rotatingKeys = {
  managedBy: nameOf('The credential that manages this account, such as its primary’s.').optional(),
  rotation: z
    .union([offKeys, rotationKeys])
    .optional()
    .meta({ description: 'When and how Sidekey rotates; `off` where somebody else does.' }),
}

const foreignKeys = {
  rotation: offKeys.optional().meta({ description: 'Somebody else rotates these secrets.' }),
}

/** One entry of `credentials`, for one provider. */
export function credentialSchema(provider: ProviderModule) {
  return z.strictObject({
    ...provider.keys.shape,
    provider: z.literal(provider.name).meta({ description: 'Who issued the credential.' }),
    ...ownKeys,
    ...(provider.create === undefined ? foreignKeys : rotatingKeys),
    ...furtherSecrets(provider),
  })
}

function furtherSecrets({ secretKeys = {} }: ProviderModule) {
  return Object.fromEntries(
    Object.entries(secretKeys).map(([key, { description }]) => [
      key,
      secretSource(description).optional(),
    ]),
  )
}

/** What every entry parses to, whichever its provider. */
export const commonCredential = z.looseObject({
  ...ownKeys,
  ...rotatingKeys,
})

export type CommonKeys = z.output<typeof commonCredential>

/** The parsed `rotation:` of a credential. */
export type RotationKeys = z.output<typeof rotationKeys>

/** The policy of a credential that does not name one. */
export const ROTATION_DEFAULTS: RotationKeys = rotationKeys.parse({})

function parseJitter(text: string): number | Refusal {
  const ratio = parsePercentage(text)
  if (ratio instanceof Refusal || ratio <= JITTER_MAX_RATIO) return ratio
  return new Refusal('is more than half of the time', 'write at most 50%')
}

function parseDrain(text: string): number | Refusal {
  const ms = parseDuration(text)
  if (ms instanceof Refusal || ms <= DRAIN_MAX_MS) return ms
  return new Refusal('is longer than 7 days', 'write at most 7d')
}
