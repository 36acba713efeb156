import { AssertionError } from './errors.ts'
import { TOMBSTONES_MAX } from './limits.ts'
import { SecretValue } from './secret-value.ts'

/** Label of a live version: `pending` is the standby before a promotion, `previous` the old one after it. */
export type Stage = 'pending' | 'current' | 'previous'

/** Where the rotation of a credential is. `docs/architecture.md` draws the transitions; `rotation/plan.ts` is them. */
export type Phase =
  'idle' | 'prepared' | 'created' | 'verified' | 'staged' | 'promoted' | 'retiring' | 'aborting'

export const PHASES: readonly Phase[] = [
  'idle',
  'prepared',
  'created',
  'verified',
  'staged',
  'promoted',
  'retiring',
  'aborting',
]

/** Why nothing is mutated at the provider until an operator (or the world) changes something. */
export type BlockedReason =
  | 'slot-full-foreign'
  | 'no-working-secret'
  | 'attribution-ambiguous'
  | 'candidate-rejected'
  | 'member-silent'
  | 'record-foreign-write'
  | 'assertion-failed'

export interface Blocked {
  readonly reason: BlockedReason
  readonly sinceMs: number
  /** A sentence for the operator: what was seen and what to do. No values. */
  readonly detail: string
}

/**
 * Stands for a value that the provider is still to choose, or whose answer is lost for good; as current, for the first
 * secret that an account does not have yet.
 */
export const UNKNOWN_VALUE = new SecretValue('')

/** Whether the value of a version is known, so that something can be authenticated with it. */
export function hasValue({ value }: { readonly value: SecretValue }): boolean {
  return value.length > 0
}

/** One value in its life. */
export interface SecretVersion {
  /** Rises by one with every candidate of the credential, abandoned ones included; never reused. */
  readonly generation: number
  readonly value: SecretValue
  /** The provider's id of the secret; null while it is not known (bootstrap, unknown outcome of a create). */
  readonly secretId: string | null
  /** Truncated keyed hash of the value, for logs, status and metrics. */
  readonly fingerprint: string
  /** When it was chosen (ours) or first seen (bootstrap), wall clock. */
  readonly createdAtMs: number
}

export interface CurrentVersion extends SecretVersion {
  readonly activatedAtMs: number
  /** It came from the configuration, so apps outside Sidekey may use it too: see `revokeBootstrap`. */
  readonly bootstrap: boolean
}

export interface PendingVersion extends SecretVersion {
  /** Ids that the provider listed before the create was sent: what is new afterwards may be ours. */
  readonly idsBefore: readonly string[]
  /** Create calls sent with this value. */
  readonly attempts: number
  /** When an id that may be ours was first listed, or 201 received; null before. */
  readonly firstSeenAtMs: number | null
  /** Probes that succeeded in a row since then. */
  readonly probesPassed: number
  /** Since a share of the requests starts with it; absent before, and without a staged promotion. */
  readonly rollout?: Rollout
}

/** How far a staged promotion is; it counts in `staged` only. */
export interface Rollout {
  /** Share of the requests, above 0. */
  readonly share: number
  readonly sinceMs: number
}

export interface PreviousVersion extends SecretVersion {
  readonly demotedAtMs: number
  readonly bootstrap: boolean
}

/** A candidate that was given up; its value is kept so that a late create can still be attributed to us. */
export interface Tombstone {
  readonly generation: number
  readonly value: SecretValue
  readonly secretId: string | null
  readonly fingerprint: string
  readonly reason: string
  readonly atMs: number
}

/** An operator said that a version leaked: its replacement ignores windows and drain. */
export interface Emergency {
  readonly compromised: readonly Stage[]
  readonly sinceMs: number
}

/** All that is known of one credential: one object, one compare-and-swap version, encrypted at rest. */
export interface CredentialRecord {
  readonly schema: 1
  readonly credentialId: string
  /** The provider's name of the account, such as an API key; immutable. */
  readonly account: string
  readonly phase: Phase
  readonly phaseSinceMs: number
  readonly blocked: Blocked | null
  readonly paused: boolean
  /** The highest generation ever given out. */
  readonly lastGeneration: number
  /** Without a value while the account's first secret is still to be made: see `hasValue`. */
  readonly current: CurrentVersion
  readonly pending: PendingVersion | null
  readonly previous: PreviousVersion | null
  /** The newest last; at most `TOMBSTONES_MAX`. */
  readonly tombstones: readonly Tombstone[]
  /** Since when an id that the plan wants gone has been absent from the list; null while it is listed. */
  readonly absentSinceMs: number | null
  readonly emergency: Emergency | null
  /** An operator asked for a rotation now; cleared by the promotion. */
  readonly requestedAtMs: number | null
  /** The operator's consent to revoke the bootstrap secret (`revokeBootstrap: confirm`). */
  readonly bootstrapConsent: boolean
  readonly lastRotationAtMs: number | null
  readonly nextRotationAtMs: number | null
  /** No provider call before this instant (throttling, back-off after an abort); null when there is no need to wait. */
  readonly notBeforeMs: number | null
  readonly lastWriter: {
    readonly instance: string
    readonly fence: number
    /** When, by the writer's clock; missing in a record from before this was kept. */
    readonly atMs?: number | undefined
  }
}

/** A version that requests may use, as the data plane sees it. */
export interface LiveVersion {
  /** Stable and unique within the credential, such as `g42`; the key of cooldowns and of caches. */
  readonly versionId: string
  readonly generation: number
  readonly stage: Stage
  readonly value: SecretValue
  readonly fingerprint: string
  /** Share of the requests that start with this pending version; absent: it is there to fall back to. */
  readonly share?: number
}

/** What the data plane holds of a credential: the version to try first, then the one to fall back to. */
export interface CredentialVersions {
  readonly credentialId: string
  /** Public words for templates, such as `{ apiKey: 'a1b2c3d4' }`. */
  readonly publicValues: Readonly<Record<string, string>>
  readonly versions: readonly LiveVersion[]
  /** Further texts that answers must not show, such as tokens; absent: none. */
  readonly echoes?: readonly SecretValue[]
}

const OFFERED_PENDING: ReadonlySet<Phase> = new Set(['verified', 'staged'])

/** What a record offers to requests, the first to try first. A pending version is offered from `verified` on. */
export function liveVersions(record: CredentialRecord): readonly LiveVersion[] {
  const offered = hasValue(record.current) ? [live(record.current, 'current')] : []
  if (record.previous !== null) offered.push(live(record.previous, 'previous'))
  const { pending, phase } = record
  if (pending !== null && OFFERED_PENDING.has(phase)) {
    const share = phase === 'staged' ? pending.rollout?.share : undefined
    offered.push({ ...live(pending, 'pending'), ...(share !== undefined && { share }) })
  }
  return offered
}

function live(version: SecretVersion, stage: Stage): LiveVersion {
  return {
    versionId: `g${version.generation}`,
    generation: version.generation,
    stage,
    value: version.value,
    fingerprint: version.fingerprint,
  }
}

const NEEDS_PENDING: ReadonlySet<Phase> = new Set([
  'prepared',
  'created',
  'verified',
  'staged',
  'aborting',
])
const NEEDS_PREVIOUS: ReadonlySet<Phase> = new Set(['promoted', 'retiring'])
/** Once the candidate is verified it becomes current at once: there is nothing that it could stand by for. */
const MAY_LACK_CURRENT: ReadonlySet<Phase> = new Set([
  'idle',
  'prepared',
  'created',
  'verified',
  'aborting',
])

/**
 * The rules that hold of every record, checked on each load and before each save.
 * @throws AssertionError `assertion-failed`
 */
export function assertCredential(record: CredentialRecord): void {
  const { phase, current, pending, previous } = record
  require_(NEEDS_PENDING.has(phase) === (pending !== null), `${phase} and its pending version`)
  require_(NEEDS_PREVIOUS.has(phase) === (previous !== null), `${phase} and its previous version`)
  require_(phase !== 'created' || pending?.secretId !== null, 'created knows the id of pending')
  const mayLack = phase === 'prepared' || phase === 'aborting'
  require_(mayLack || pending === null || hasValue(pending), `${phase} knows the value of pending`)
  const lacking = MAY_LACK_CURRENT.has(phase) && current.secretId === null
  require_(hasValue(current) || lacking, 'the value of current is known')
  require_(previous === null || hasValue(previous), 'the value of previous is known')
  require_(record.tombstones.length <= TOMBSTONES_MAX, 'tombstones within their limit')
  const generations = [current, pending, previous].flatMap((v) => (v ? [v.generation] : []))
  require_(new Set(generations).size === generations.length, 'generations differ')
  require_(
    generations.every((g) => g >= 1 && g <= record.lastGeneration),
    'generations within lastGeneration',
  )
}

function require_(holds: boolean, rule: string): void {
  if (!holds) throw new AssertionError(`the record breaks a rule: ${rule}`)
}
