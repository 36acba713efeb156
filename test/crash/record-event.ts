import { createHash } from 'node:crypto'
import type { CredentialRecord } from '../../src/kernel/credential.ts'
import type { SecretValue } from '../../src/kernel/secret-value.ts'
import type { HistoryEvent, RecordedRecord, RecordedVersion } from '../simulation/history.ts'
import type { Found } from './record-log.ts'

/** One name for all replicas: from outside nobody can tell which of them called. */
export const SIDEKEY = 'sidekey'

/** From outside a writer's own reading can't be seen: only that versions grow. */
export function recordEvent({ record, version }: Found, atMs: number): HistoryEvent {
  const replaced = version - 1
  return {
    kind: 'record',
    atMs,
    instance: SIDEKEY,
    expected: replaced,
    replaced,
    version,
    record: recorded(record),
  }
}

function recorded(record: CredentialRecord): RecordedRecord {
  const { phase, blocked, lastGeneration, emergency, current, pending, previous } = record
  return {
    phase,
    blocked: blocked?.reason ?? null,
    lastGeneration,
    emergency: emergency !== null,
    current: version(current),
    pending: pending === null ? null : version(pending),
    previous: previous === null ? null : version(previous),
    tombstones: record.tombstones.map(version),
  }
}

function version(of: {
  readonly generation: number
  readonly value: SecretValue
  readonly secretId: string | null
}): RecordedVersion {
  return { generation: of.generation, value: hash(of.value), secretId: of.secretId }
}

/** Stands for a value in a history. */
export function hash(value: SecretValue): string {
  return createHash('sha256').update(value.expose()).digest('hex').slice(0, 16)
}
