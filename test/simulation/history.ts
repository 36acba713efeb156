import { createHash } from 'node:crypto'
import type { Phase } from '../../src/kernel/credential.ts'
import type { RolloutReport } from '../../src/kernel/ports/store.ts'

/** A version as the record held it. `value` is any text that stands for the secret: the value itself, or its hash. */
export interface RecordedVersion {
  readonly generation: number
  readonly value: string
  readonly secretId: string | null
}

export interface RecordedRecord {
  readonly phase: Phase
  readonly blocked: string | null
  readonly lastGeneration: number
  readonly emergency: boolean
  /** The operator has said that the bootstrap secret may go. */
  readonly consented?: boolean
  readonly current: RecordedVersion
  readonly pending: RecordedVersion | null
  /** A share of the requests starts with pending. */
  readonly rollsOut?: boolean
  /** When current became current, by the writer's clock. */
  readonly promotedAtMs?: number
  readonly previous: RecordedVersion | null
  readonly tombstones: readonly RecordedVersion[]
}

export type Maker = 'us' | 'foreign' | 'bootstrap'

/** One try of a request of the app: with which version, where, and whether the upstream took it. */
export interface Attempt {
  readonly generation: number
  readonly value: string
  readonly accepted: boolean
}

/**
 * What happened, as an observer saw it who stands beside every party: the provider, the store, the replicas. Instants are
 * true time in milliseconds. The simulation writes it, and so may a run of real processes.
 */
export type HistoryEvent =
  | {
      readonly kind: 'process'
      readonly atMs: number
      readonly instance: string
      readonly event: 'started' | 'killed' | 'stopped' | 'paused' | 'serves'
      readonly detail: string
    }
  | {
      readonly kind: 'call'
      readonly atMs: number
      readonly instance: string
      readonly call: number
      readonly operation: 'list' | 'create' | 'verify' | 'revoke'
      readonly auth: string | null
      readonly value: string | null
      readonly secretId: string | null
      /** How the network treats it, for people. */
      readonly fate: string
    }
  | {
      readonly kind: 'answer'
      readonly atMs: number
      readonly instance: string
      readonly call: number
      readonly operation: 'list' | 'create' | 'verify' | 'revoke'
      readonly answer: string
      /** The secret that it is about, or those that are listed. */
      readonly secretIds: readonly string[]
    }
  | {
      readonly kind: 'created'
      readonly atMs: number
      readonly by: Maker
      readonly secretId: string
      readonly value: string
      /** From then on every service accepts it. */
      readonly usableFromMs: number
    }
  | {
      readonly kind: 'revoked'
      readonly atMs: number
      readonly by: Maker
      readonly secretId: string
      /** What authenticated it; null for a person in the dashboard. */
      readonly auth: string | null
    }
  | {
      readonly kind: 'record'
      readonly atMs: number
      readonly instance: string
      /** The version that the writer believed to replace. */
      readonly expected: number | null
      readonly replaced: number | null
      readonly version: number
      readonly record: RecordedRecord
    }
  | { readonly kind: 'record-read'; readonly atMs: number; readonly instance: string }
  | {
      readonly kind: 'member'
      readonly atMs: number
      readonly instance: string
      readonly ackGeneration: number
      readonly held: readonly number[]
      /** When the replica said so; reports may arrive out of order. */
      readonly saidAtMs: number
      readonly lastUse: Readonly<Record<number, number>>
      readonly rollout?: RolloutReport | null
    }
  | {
      readonly kind: 'member-gone'
      readonly atMs: number
      readonly instance: string
      readonly how: 'deregistered' | 'proven-dead'
    }
  | {
      readonly kind: 'request'
      readonly atMs: number
      readonly endMs: number
      readonly instance: string
      readonly attempts: readonly Attempt[]
    }
  /** A request was sent with a version that the record had left behind. */
  | {
      readonly kind: 'late-use'
      readonly atMs: number
      readonly instance: string
      readonly generation: number
      readonly value: string
    }
  /** What the rotation waits for; told when it changes. */
  | {
      readonly kind: 'waits'
      readonly atMs: number
      readonly instance: string
      readonly reason: string
    }
  | { readonly kind: 'fault'; readonly atMs: number; readonly what: string }
  | { readonly kind: 'faults-ended'; readonly atMs: number }
  | { readonly kind: 'converged'; readonly atMs: number }

/** Requests that were accepted at the first try are only counted; all others are events. */
export interface History {
  readonly events: readonly HistoryEvent[]
  readonly requestsAccepted: number
}

/** Collects a history. */
export class Recorder implements History {
  readonly events: HistoryEvent[] = []
  requestsAccepted = 0

  add(event: HistoryEvent): void {
    this.events.push(event)
  }
}

/** A fingerprint of everything that happened. */
export function hashHistory(history: History): string {
  return createHash('sha256')
    .update(JSON.stringify(history.events))
    .update(String(history.requestsAccepted))
    .digest('hex')
}
