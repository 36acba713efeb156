import type { RotationPolicy } from '../../../src/kernel/policy.ts'
import type { ProviderTraits } from '../../../src/kernel/ports/provider.ts'
import { NeutralProvider } from '../../fakes/neutral-provider.ts'
import { BOOTSTRAP, Bench, HOUR_MS } from './bench.ts'

/** A bench whose provider chooses the values, in either model. */
export function neutralBench(
  model: ProviderTraits['model'],
  policy: Partial<RotationPolicy> = {},
): { readonly bench: Bench; readonly provider: NeutralProvider } {
  const bench = new Bench({ drainMs: HOUR_MS, ...policy })
  const provider = new NeutralProvider(bench.clock, BOOTSTRAP, model)
  bench.deps = { provider }
  bench.start()
  return { bench, provider }
}

/** Rests with a standby, and asks for a rotation. */
export async function untilRotated(bench: Bench): Promise<void> {
  await bench.reach('staged')
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.reach('promoted')
  await bench.reach('staged')
}

/** The values of the record's live versions, the current one first. */
export function recordedValues(bench: Bench): readonly string[] {
  const { current, pending, previous } = bench.record
  return [current, pending, previous].flatMap((one) => (one === null ? [] : [one.value.expose()]))
}
