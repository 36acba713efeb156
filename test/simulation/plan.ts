import type { RotationPolicy } from '../../src/kernel/policy.ts'
import { SeededRandom } from '../fakes/random.ts'
import { withBlackouts } from './blackouts.ts'
import { withSecondaries } from './secondaries.ts'
import { withStagedPromotion } from './staged-promotion.ts'
import type { Fault, OperatorAct, ProviderFate } from './world/faults.ts'

/** What an account of the world has to itself: how it is rotated, and the habits of its provider. */
export interface AccountPlan {
  readonly policy: RotationPolicy
  readonly services: number
  readonly createLagMaxMs: number
  readonly revokeLagMaxMs: number
  readonly listStaleMaxMs: number
  readonly duplicate: 'refused' | 'created'
  readonly fullFirst: boolean
  /** The app also uses a service that no probe asks. */
  readonly hiddenService: boolean
}

/** Everything that a seed decides before the first event: the world, and the schedule of its faults. */
export interface Plan extends AccountPlan {
  readonly seed: number
  readonly replicas: number
  /** By an account that nobody here rotates. */
  readonly managedBy: boolean
  /** Accounts that are rotated beside this one, each managed by its working secret. Absent: none. */
  readonly secondaries?: readonly AccountPlan[]
  readonly proofOfDeathMs: number
  readonly skewMaxMs: number
  readonly requestEveryMs: number
  /** Calls to the secret-management API; absent: faults may make any number of them necessary. */
  readonly budget?: { readonly perRotationMax: number; readonly perHourMax: number }
  /** No fault begins or lasts beyond this instant, in milliseconds of virtual time. */
  readonly faultsEndMs: number
  readonly faults: readonly Fault[]
}

/** All accounts of a plan, the primary first. */
export function accountsOf(plan: Plan): readonly AccountPlan[] {
  return [plan, ...(plan.secondaries ?? [])]
}

/** Where the rotation of an account comes to rest. */
export function restingPhase({ policy }: AccountPlan): 'staged' | 'idle' {
  return policy.standby === 'hot' ? 'staged' : 'idle'
}

const LENGTH_MS = 240_000
/** Two of seven seeds promote in stages; no kept seed is among them. */
const STAGED_OF = 7
const STAGED_SEEDS: ReadonlySet<number> = new Set([1, 6])
/** And three of eleven have blackouts. */
const BLACKOUT_OF = 11
const BLACKOUT_SEEDS: ReadonlySet<number> = new Set([0, 5, 9])
/** And two of seventeen have secondaries. */
const FAMILY_OF = 17
const FAMILY_SEEDS = [9, 10]

/** In the plans of seeds from here on somebody else creates and revokes secrets of the account; in those below, of one in seven. */
export const HOSTILE_FROM = 1_000_000_000

/** Draws the plan of a seed. The same seed always gives the same plan. */
export function drawPlan(seed: number): Plan {
  const random = new SeededRandom(seed * 2 + 1)
  const pick = <T>(choices: readonly T[]): T => choices[random.int(choices.length)]!
  const replicas = pick([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 5, 6, 8, 1 + random.int(16)])
  const standby = pick(['hot', 'hot', 'hot', 'none'] as const)
  const policy: RotationPolicy = {
    everyMs: pick([40_000, 60_000, 90_000]),
    jitterRatio: 0.1,
    drainMs: pick([3_000, 8_000, 15_000]),
    standby,
    revokeBootstrap: pick(['auto', 'auto', 'auto', 'confirm'] as const),
    memberSilentMs: 30_000,
    windows: [],
    blackouts: [],
  }
  const foreign = random.int(7) === 0 || seed >= HOSTILE_FROM
  const operated = random.int(4) === 0
  const plan: Plan = {
    seed,
    replicas,
    policy,
    managedBy: random.int(4) === 0,
    services: 1 + random.int(3),
    createLagMaxMs: pick([0, 0, 3_000, 10_000, 30_000]),
    revokeLagMaxMs: pick([0, 0, 3_000, 10_000, 30_000]),
    listStaleMaxMs: pick([0, 0, 3_000]),
    duplicate: pick(['refused', 'created'] as const),
    fullFirst: random.int(2) === 0,
    hiddenService: false,
    proofOfDeathMs: pick([2_000, 10_000, 30_000]),
    skewMaxMs: pick([0, 500, 2_000]),
    requestEveryMs: 500 * Math.max(1, Math.ceil(replicas / 3)),
    faultsEndMs: LENGTH_MS,
    faults: drawFaults(random, replicas, foreign, operated),
  }
  // Drawn apart, so that the plans of all other seeds stay as they are.
  const staged = STAGED_SEEDS.has(seed % STAGED_OF) ? withStagedPromotion(plan) : plan
  const dated = BLACKOUT_SEEDS.has(seed % BLACKOUT_OF) ? withBlackouts(staged) : staged
  return FAMILY_SEEDS.includes(seed % FAMILY_OF) ? withSecondaries(dated) : dated
}

/** The n-th seed, from 1, whose plan has secondaries. */
export function familySeed(n: number): number {
  const [round, at] = [Math.floor((n - 1) / FAMILY_SEEDS.length), (n - 1) % FAMILY_SEEDS.length]
  return round * FAMILY_OF + FAMILY_SEEDS[at]!
}

function drawFaults(
  random: SeededRandom,
  replicas: number,
  foreign: boolean,
  operated: boolean,
): readonly Fault[] {
  const count = random.int(14)
  const faults = Array.from({ length: count }, () => drawFault(random, replicas))
  if (foreign) for (let n = random.int(3); n >= 0; n--) faults.push(drawForeign(random))
  if (operated) for (let n = random.int(3); n >= 0; n--) faults.push(drawOperator(random))
  return faults.toSorted((a, b) => a.atMs - b.atMs)
}

function drawFault(random: SeededRandom, replicas: number): Fault {
  const atMs = random.int(LENGTH_MS - 5_000)
  const left = LENGTH_MS - atMs
  const forMs = Math.min(left, 1_000 + random.int(40_000))
  const downMs = Math.min(left, 100 + random.int(20_000))
  const replica = random.int(replicas)
  const skip = random.int(8)
  const kind = random.int(50)
  switch (kind === 49 ? 12 : kind % 12) {
    case 12:
      return { kind: 'skew', atMs, replica, byMs: random.int(7_200_000) - 3_600_000 }
    case 0:
      return { kind: 'kill', atMs, replica, downMs }
    case 1:
    case 2:
    case 3:
      return { kind: 'crash', atMs, skip, downMs }
    case 4:
      return { kind: 'freeze', atMs, skip, forMs }
    case 5:
      return { kind: 'pause', atMs, replica, forMs }
    case 6:
      return { kind: 'partition', atMs, replica, forMs }
    case 7:
      return { kind: 'store-down', atMs, forMs: Math.ceil(forMs / 3) }
    case 8:
      return drawStoreWrite(random, atMs)
    case 9:
      return random.int(2) === 0
        ? { kind: 'stop', atMs, replica, downMs }
        : drawProviderFault(random, atMs, forMs)
    default:
      return drawProviderFault(random, atMs, forMs)
  }
}

function drawStoreWrite(random: SeededRandom, atMs: number): Fault {
  const fates = ['lose-answer', 'lose-request', 'late'] as const
  return {
    kind: 'store-write',
    atMs,
    fate: fates[random.int(fates.length)]!,
    times: 1 + random.int(2),
  }
}

function drawProviderFault(random: SeededRandom, atMs: number, forMs: number): Fault {
  const fates: readonly ProviderFate[] = [
    'lose-request',
    'lose-answer',
    'lose-answer',
    'late',
    'late',
    'error',
    'error-after',
    'throttled',
  ]
  const operations = ['create', 'create', 'create', 'revoke', 'list', 'verify', 'any'] as const
  return {
    kind: 'provider',
    atMs,
    forMs,
    operation: operations[random.int(operations.length)]!,
    fate: fates[random.int(fates.length)]!,
    times: 1 + random.int(4),
  }
}

function drawForeign(random: SeededRandom): Fault {
  const atMs = random.int(LENGTH_MS - 5_000)
  return random.int(2) === 0
    ? { kind: 'foreign-create', atMs }
    : { kind: 'foreign-revoke', atMs, pick: random.int(2) }
}

function drawOperator(random: SeededRandom): Fault {
  if (random.int(3) === 0) {
    return {
      kind: 'late-and-abort',
      atMs: random.int(LENGTH_MS - 60_000),
      delayMs: random.int(12_000),
    }
  }
  const acts: readonly OperatorAct[] = [
    'rotate',
    'emergency',
    'pause-resume',
    'abort',
    'retry',
    'consent',
  ]
  return {
    kind: 'operator',
    atMs: random.int(LENGTH_MS - 5_000),
    act: acts[random.int(acts.length)]!,
  }
}
