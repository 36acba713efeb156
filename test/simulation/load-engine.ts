import type { RotationTelemetry } from '../../src/kernel/ports/telemetry.ts'
import { Rotator } from '../../src/rotation/rotator.ts'
import { RotationScheduler } from '../../src/rotation/scheduler.ts'
import type { Engine } from './engine.ts'
import { importMutant } from './mutant-loader.ts'
import { MUTANTS } from './mutants.ts'
import type { StoreDefects } from './world/sim-store-state.ts'

/** An engine, and what its mutant changes outside of it. */
export interface LoadedEngine {
  readonly engine: Engine
  readonly defects: StoreDefects
}

/**
 * The production engine (null), or a mutant of it by name.
 * @throws Error when there is no such mutant, or when it no longer applies to the code
 */
export async function loadEngine(mutantName: string | null): Promise<LoadedEngine> {
  if (mutantName === null) return { engine: engineOf(Rotator), defects: {} }
  const mutant = MUTANTS.find(({ name }) => name === mutantName)
  if (mutant === undefined) throw new Error(`there is no mutant ${mutantName}`)
  const module = await importMutant(mutant.name, mutant.patches, 'rotator.ts')
  const { Rotator: Mutated } = module as { Rotator: typeof Rotator }
  return { engine: engineOf(Mutated), defects: mutant.defects ?? {} }
}

function telemetryOf(waits: (reason: string | null) => void): RotationTelemetry {
  return { state: ({ reason }) => waits(reason), rotation: () => {}, providerCall: () => {} }
}

function engineOf(Make: typeof Rotator): Engine {
  return ({ credentialId, clock, log, bootstrapSecret, managedBy, waits, ...deps }) => {
    const rotator = new Make({
      ...deps,
      credentialId,
      clock,
      providerName: 'simulated',
      log,
      telemetry: telemetryOf(waits),
      bootstrapSecret: async () => bootstrapSecret,
      fingerprint: (value) => value.expose(),
      managedBy: managedBy === null ? null : async () => [managedBy],
    })
    const rotators = new Map([[credentialId, rotator]])
    const scheduler = new RotationScheduler({ rotators, clock, log })
    scheduler.start()
    return {
      earlyLook: () => scheduler.look(credentialId),
      command: (command) => scheduler.command(credentialId, command),
      stop: () => scheduler.stop(),
    }
  }
}
