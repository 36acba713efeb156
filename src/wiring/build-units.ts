import { restMinMs as restMinMsOf } from '../rotation/rotation-pace.ts'
import { isDeepStrictEqual } from 'node:util'
import type { SidekeyConfig } from '../config/types.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { UseLedger } from './use-ledger.ts'
import { buildUnit, type CredentialUnit, type UnitDeps } from './credential-unit.ts'
import { managementOf } from './management-of.ts'

/** Credentials at run time, by their name in the configuration. */
export type Units = ReadonlyMap<string, CredentialUnit>

export interface BuildUnitsDeps extends Omit<
  UnitDeps,
  'telemetry' | 'sourceTelemetry' | 'managementOf' | 'restMinMs'
> {
  readonly metrics: Metrics
  readonly uses: UseLedger
}

/** Builds the credentials of a configuration that are new or changed; `running()` has those to keep, and whose secrets manage others. */
export function buildUnits(
  { credentials }: SidekeyConfig,
  running: () => Units,
  deps: BuildUnitsDeps,
): Units {
  const { rotation, sources } = deps.metrics
  const managementOfPrimary = async (credentialId: string) => {
    const primary = running().get(credentialId)
    return primary === undefined ? [] : managementOf(primary.config.account, primary.source)
  }
  const restMinMs = () => restMinMsOf(credentials.length)
  const unitDeps = {
    ...deps,
    telemetry: rotation,
    sourceTelemetry: sources,
    managementOf: managementOfPrimary,
    restMinMs,
  }
  return new Map(
    credentials.map((config) => {
      const known = running().get(config.id)
      const isSame = known !== undefined && isDeepStrictEqual(known.config, config)
      if (isSame) return [config.id, known]
      const unit = buildUnit(config, unitDeps)
      // The store tells of the use of those that have a record.
      const source = unit.rotator === null ? deps.uses.naming(unit.source) : unit.source
      return [config.id, { ...unit, source }]
    }),
  )
}

/** Those of `all` that `some` does not have, or has otherwise. */
export function notIn(some: Units, all: Units): readonly CredentialUnit[] {
  return [...all.values()].filter((unit) => some.get(unit.config.id) !== unit)
}
