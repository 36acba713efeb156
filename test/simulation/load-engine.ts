import type { ManagementAuth } from '../../src/kernel/ports/provider.ts'
import type { RotationTelemetry } from '../../src/kernel/ports/telemetry.ts'
import { Rotator } from '../../src/rotation/rotator.ts'
import { RotationScheduler } from '../../src/rotation/scheduler.ts'
import { createRecordSource } from '../../src/stores/record-source.ts'
import { managementOf } from '../../src/wiring/management-of.ts'
import type { Engine, EngineCredential } from './engine.ts'
import { importMutant } from './mutant-loader.ts'
import { MUTANTS } from './mutants.ts'
import type { StoreDefects } from './world/sim-store-state.ts'

/** An engine, and what its mutant changes outside of it. */
export interface LoadedEngine {
  readonly engine: Engine
  readonly defects: StoreDefects
}

/** What of src/rotation a process runs. */
interface Parts {
  readonly Rotator: typeof Rotator
  readonly RotationScheduler: typeof RotationScheduler
}

/**
 * The production engine (null), or a mutant of it by name.
 * @throws Error when there is no such mutant, or when it no longer applies to the code
 */
export async function loadEngine(mutantName: string | null): Promise<LoadedEngine> {
  if (mutantName === null) {
    return { engine: engineOf({ Rotator, RotationScheduler }), defects: {} }
  }
  const mutant = MUTANTS.find(({ name }) => name === mutantName)
  if (mutant === undefined) throw new Error(`there is no mutant ${mutantName}`)
  const { name, patches, defects = {} } = mutant
  const rotator = (await importMutant(name, patches, 'rotator.ts')) as Pick<Parts, 'Rotator'>
  const scheduler = await importMutant(name, patches, 'scheduler.ts')
  const parts = { ...rotator, ...(scheduler as Pick<Parts, 'RotationScheduler'>) }
  return { engine: engineOf(parts), defects }
}

function telemetryOf(waits: (reason: string | null) => void): RotationTelemetry {
  return { state: ({ reason }) => waits(reason), rotation: () => {}, providerCall: () => {} }
}

function engineOf(parts: Parts): Engine {
  return ({ credentials, clock, log, ...deps }) => {
    const rotators = new Map(
      credentials.map(({ credentialId, bootstrapSecret, waits, ...credential }) => {
        const rotator = new parts.Rotator({
          ...deps,
          ...credential,
          credentialId,
          clock,
          providerName: 'simulated',
          log,
          telemetry: telemetryOf(waits),
          bootstrapSecret: async () => bootstrapSecret,
          fingerprint: (value) => value.expose(),
          managedBy: managers(credential.managedBy, credentials),
        })
        return [credentialId, rotator] as const
      }),
    )
    const managed = credentials.flatMap(({ credentialId, managedBy }) =>
      typeof managedBy === 'string' ? [[credentialId, managedBy] as const] : [],
    )
    const managersOf = new Map(managed)
    const scheduler = new parts.RotationScheduler({ rotators, clock, log, managers: managersOf })
    scheduler.start()
    return {
      earlyLook: (credentialId) => scheduler.look(credentialId),
      command: (credentialId, command) => scheduler.command(credentialId, command),
      stop: () => scheduler.stop(),
    }
  }
}

/** Whose secrets authenticate, read as `wiring/build-units.ts` has them read. */
function managers(
  managedBy: EngineCredential['managedBy'],
  credentials: readonly EngineCredential[],
): (() => Promise<readonly ManagementAuth[]>) | null {
  if (managedBy === null) return null
  if (typeof managedBy !== 'string') return async () => [managedBy]
  const primary = credentials.find(({ credentialId }) => credentialId === managedBy)
  if (primary === undefined) throw new Error(`no credential ${managedBy} manages another`)
  const source = createRecordSource({ ...primary, publicValues: {} })
  return () => managementOf(primary.account, source)
}
