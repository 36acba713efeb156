import { z } from 'zod'

/** The provider's two caches that learn of a secret at their own time; other hosts go with `api`. */
export type LagHost = 'api' | 'rest'

const lagSchema = z.strictObject({
  api: z.number().min(0).optional(),
  rest: z.number().min(0).optional(),
})

/** What a control call may change; every member is optional. Times are in milliseconds. */
export const settingsChangeSchema = z.strictObject({
  createLagMs: lagSchema.optional(),
  revokeLagMs: lagSchema.optional(),
  listLagMs: z.number().min(0).optional(),
  duplicateValue: z.union([z.literal(400), z.literal(201)]).optional(),
  weakValue: z.enum(['refuse', 'accept']).optional(),
  refuseNextValues: z.number().int().min(0).optional(),
  slotsFull: z.enum(['add-excess-secret', 'maximum-secrets-allowed', 'validation']).optional(),
  secretsMax: z.number().int().min(1).max(10).optional(),
  unauthorized: z.enum(['incorrect', 'invalid-supplied', 'unathorized']).optional(),
  problemType: z.enum(['application/json', 'application/problem+json']).optional(),
  strictAuth: z.boolean().optional(),
  autoReload: z.boolean().optional(),
})

export type SettingsChange = z.infer<typeof settingsChangeSchema>

export interface EmulatorSettings {
  /** How long a created secret is still refused, per host, in milliseconds; default 0. */
  readonly createLagMs: Readonly<Record<LagHost, number>>
  /** How long a revoked secret is still accepted, per host, in milliseconds; default 0. */
  readonly revokeLagMs: Readonly<Record<LagHost, number>>
  /** Age of what a list shows, in milliseconds; default 0. */
  readonly listLagMs: number
  /** Status for a value that the account has already. 400 is reported, 201 is possible; default 400. */
  readonly duplicateValue: 400 | 201
  /** Whether a value that breaks the rule (8 to 25 characters, aA0) is refused; default `refuse`. */
  readonly weakValue: 'refuse' | 'accept'
  /** How many of the next values are refused as weak, whatever they are; default 0. */
  readonly refuseNextValues: number
  /** Shape of "all slots are taken": 403, the older 400, or a plain 400 whose detail says it. */
  readonly slotsFull: 'add-excess-secret' | 'maximum-secrets-allowed' | 'validation'
  /** Secrets per account; default 2. */
  readonly secretsMax: number
  /** Which of the known texts a 401 has. */
  readonly unauthorized: 'incorrect' | 'invalid-supplied' | 'unathorized'
  /** Content type of RFC 7807 bodies: the old definitions' or that of 2026. */
  readonly problemType: 'application/json' | 'application/problem+json'
  /** Refuses a request that carries credentials in two placements; default false. */
  readonly strictAuth: boolean
  /** Whether top-up works; else it answers 401 `not auto-reload enabled`. Default false. */
  readonly autoReload: boolean
}

export const DEFAULT_SETTINGS: EmulatorSettings = {
  createLagMs: { api: 0, rest: 0 },
  revokeLagMs: { api: 0, rest: 0 },
  listLagMs: 0,
  duplicateValue: 400,
  weakValue: 'refuse',
  refuseNextValues: 0,
  slotsFull: 'add-excess-secret',
  secretsMax: 2,
  unauthorized: 'incorrect',
  problemType: 'application/json',
  strictAuth: false,
  autoReload: false,
}

/** The settings with a change applied; a lag that names one host leaves the other as it is. */
export function changeSettings(
  settings: EmulatorSettings,
  change: SettingsChange,
): EmulatorSettings {
  const defined = Object.fromEntries(
    Object.entries(change).filter(([, value]) => value !== undefined),
  ) as Partial<EmulatorSettings>
  return {
    ...settings,
    ...defined,
    createLagMs: changeLag(settings.createLagMs, change.createLagMs),
    revokeLagMs: changeLag(settings.revokeLagMs, change.revokeLagMs),
  }
}

function changeLag(
  lag: Readonly<Record<LagHost, number>>,
  change: { api?: number | undefined; rest?: number | undefined } = {},
): Readonly<Record<LagHost, number>> {
  return { api: change.api ?? lag.api, rest: change.rest ?? lag.rest }
}
