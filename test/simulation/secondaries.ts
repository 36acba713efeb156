import { SeededRandom } from '../fakes/random.ts'
import type { AccountPlan, Plan } from './plan.ts'
import type { Fault } from './world/faults.ts'

/**
 * The same plan with one or two secondary accounts, which rotate in the same processes, each at its own pace and with its
 * own provider's habits. The plan's account is their primary: its working secret is their management credential.
 */
export function withSecondaries(plan: Plan): Plan {
  const random = new SeededRandom(plan.seed * 2 + 611_953)
  const secondaries = Array.from({ length: 1 + random.int(2) }, () => drawSecondary(random, plan))
  const accounts = 1 + secondaries.length
  return {
    ...plan,
    managedBy: false,
    secondaries,
    // As many requests as elsewhere, shared by all accounts.
    requestEveryMs: plan.requestEveryMs * accounts,
    faults: [
      ...plan.faults.map((fault) =>
        AIMED.has(fault.kind) ? { ...fault, account: random.int(accounts) } : fault,
      ),
      ...drawLeaks(random, plan),
    ].toSorted((a, b) => a.atMs - b.atMs),
  }
}

/** An emergency does not wait for what a staged promotion would find. */
function drawLeaks(random: SeededRandom, { faults, faultsEndMs }: Plan): readonly Fault[] {
  const times = faults.some(({ kind }) => kind === 'half-refused') ? 0 : random.int(3)
  return Array.from({ length: times }, () => ({
    kind: 'hang-and-leak',
    atMs: random.int(faultsEndMs - 30_000),
    delayMs: random.int(8_000),
  }))
}

/** What strikes one account. All else strikes whichever account's call, write or step comes first. */
const AIMED: ReadonlySet<Fault['kind']> = new Set([
  'half-refused',
  'foreign-create',
  'foreign-revoke',
  'operator',
])

function drawSecondary(random: SeededRandom, { policy, hiddenService }: Plan): AccountPlan {
  const pick = <T>(choices: readonly T[]): T => choices[random.int(choices.length)]!
  return {
    policy: {
      ...policy,
      everyMs: pick([40_000, 60_000, 90_000]),
      drainMs: pick([3_000, 8_000, 15_000]),
      standby: pick(['hot', 'hot', 'hot', 'none'] as const),
      revokeBootstrap: pick(['auto', 'auto', 'auto', 'confirm'] as const),
    },
    services: 1 + random.int(3),
    createLagMaxMs: pick([0, 0, 3_000, 10_000, 30_000]),
    revokeLagMaxMs: pick([0, 0, 3_000, 10_000, 30_000]),
    listStaleMaxMs: pick([0, 0, 3_000]),
    duplicate: pick(['refused', 'created'] as const),
    fullFirst: random.int(2) === 0,
    hiddenService,
  }
}
