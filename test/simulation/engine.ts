import type { RotationPolicy } from '../../src/kernel/policy.ts'
import type { Clock } from '../../src/kernel/ports/clock.ts'
import type { CrashPoint } from '../../src/kernel/ports/crash-point.ts'
import type { Log } from '../../src/kernel/ports/log.ts'
import type { ManagementAuth, Provider } from '../../src/kernel/ports/provider.ts'
import type { Random } from '../../src/kernel/ports/random.ts'
import type { RotationCommand } from '../../src/kernel/ports/rotation-control.ts'
import type { Store } from '../../src/kernel/ports/store.ts'
import type { SecretValue } from '../../src/kernel/secret-value.ts'

/** One credential that the engine rotates. */
export interface EngineCredential {
  readonly credentialId: string
  readonly account: string
  readonly policy: RotationPolicy
  readonly provider: Provider
  readonly store: Store
  readonly bootstrapSecret: SecretValue
  /** An account that nobody here rotates, or the id of a credential that this engine rotates; null: itself. */
  readonly managedBy: ManagementAuth | string | null
  /** Told of what the rotation waits for, at every look. */
  readonly waits: (reason: string | null) => void
}

/** What the simulation hands to the production engine for one life of one replica. */
export interface EngineDeps {
  readonly credentials: readonly EngineCredential[]
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
  readonly crashPoint: CrashPoint
  readonly instance: string
}

/** The production engine, running in one process. */
export interface RunningEngine {
  /** A request saw something. */
  earlyLook(credentialId: string): void
  command(credentialId: string, command: RotationCommand): Promise<unknown>
  /** Ends in order: no step is under way any more, the leases are free. */
  stop(): Promise<void>
}

/** Starts the production engine, or a mutant of it. */
export type Engine = (deps: EngineDeps) => RunningEngine
