import type { SidekeyConfig } from '../config/types.ts'
import type { Rotator } from '../rotation/rotator.ts'
import type { CredentialUnit } from './credential-unit.ts'

/** The rotators by credential; those that somebody else rotates have none. */
export function rotatorsOf(
  units: ReadonlyMap<string, CredentialUnit>,
): ReadonlyMap<string, Rotator> {
  return new Map(
    [...units].flatMap(([id, { rotator }]) => (rotator === null ? [] : [[id, rotator] as const])),
  )
}

/** Which credential manages which: a primary and its secondaries take turns. */
export function managersOf({ credentials }: SidekeyConfig): ReadonlyMap<string, string> {
  return new Map(
    credentials.flatMap(({ id, managedBy }) => (managedBy === null ? [] : [[id, managedBy]])),
  )
}
