import { SeededRandom } from '../fakes/random.ts'
import { Lane } from './lane.ts'
import type { Options } from './options.ts'
import { CONVERGE_MAX_MS, runTrial, type TrialResult } from './run-trial.ts'
import type { Trial } from './trial.ts'
import { crashPointTrials, firstStartTrials, randomKillTrials } from './trials-kill.ts'
import { processTrials } from './trials-process.ts'
import { providerTrials } from './trials-provider.ts'
import { stormTrial } from './trials-storm.ts'
import { fullDisk } from './trials-store.ts'

const RANDOM_KILLS = 6
/** Each abandoned candidate of the last hour doubles the back-off: an account that has so many is left for a fresh one. */
const TOMBSTONES_KEPT = 1

/** A trial and what decides its random choices, whichever trials run beside it. */
interface Planned {
  readonly trial: Trial
  readonly seed: number
}

/** The trials of a run, the longest first. */
function planTrials({ passes, points, onlyPoints, only, storms, seed }: Options): Planned[] {
  const pass = [
    ...crashPointTrials(points),
    ...firstStartTrials(),
    ...randomKillTrials(RANDOM_KILLS),
    ...processTrials(),
    ...providerTrials(),
    fullDisk,
  ]
  const wanted = onlyPoints ? crashPointTrials(points) : pass
  return [
    ...Array.from({ length: passes }, () => wanted).flat(),
    ...Array.from({ length: onlyPoints ? 0 : storms }, (_, index) => stormTrial(seed + index)),
  ]
    .map((trial, index) => ({ trial, seed: trial.seed ?? seed + index }))
    .filter(({ trial }) => trial.name.includes(only))
    .toSorted((a, b) => (b.trial.slow ?? 0) - (a.trial.slow ?? 0))
}

/** Runs the trials in several lanes, each of which takes the next one when it is done. */
export async function runCampaign(
  options: Options,
  told: (result: TrialResult) => void,
): Promise<readonly TrialResult[]> {
  const queue = planTrials(options)
  const untilMs = performance.now() + options.minutes * 60_000
  const results: TrialResult[] = []
  let stormSeed = options.seed + options.storms
  const next = (): Planned | undefined => {
    const planned = queue.shift()
    if (planned !== undefined || performance.now() > untilMs) return planned
    const seed = stormSeed++
    return { trial: stormTrial(seed), seed }
  }
  const work = async (): Promise<void> => {
    const place = new Place(options.rate)
    for (let planned = next(); planned !== undefined; planned = next()) {
      const result = await place.run(planned.trial, new SeededRandom(planned.seed))
      results.push(result)
      told(result)
    }
    await place.leave()
  }
  await Promise.all(Array.from({ length: options.lanes }, work))
  return results
}

/** A lane that is replaced when a trial has spoiled it. */
class Place {
  readonly #perSecond: number
  #lane: Lane | null = null

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  async run(trial: Trial, random: SeededRandom): Promise<TrialResult> {
    if (trial.empty === true || this.#isSpent()) await this.leave()
    try {
      const lane = (this.#lane ??= await this.#open(trial))
      const result = await runTrial({ lane, random }, trial)
      if (result.broken.length > 0) await this.leave()
      return result
    } catch (error) {
      await this.leave().catch(() => undefined)
      return failedOutside(trial, error)
    }
  }

  async leave(): Promise<void> {
    const lane = this.#lane
    this.#lane = null
    await lane?.close()
    const [leak] = lane?.leaks ?? []
    if (leak !== undefined) throw new Error(`a secret in ${leak}`)
  }

  #isSpent(): boolean {
    const record = this.#lane?.witness.records.latest?.record
    return (record?.tombstones.length ?? 0) > TOMBSTONES_KEPT
  }

  async #open(trial: Trial): Promise<Lane> {
    const lane = await Lane.open(this.#perSecond)
    this.#lane = lane
    if (trial.empty === true) return lane
    await lane.start()
    if (!(await lane.until(() => lane.isAtRest(0), CONVERGE_MAX_MS))) {
      throw new Error('a fresh Sidekey does not come to rest')
    }
    return lane
  }
}

function failedOutside({ group, name }: Trial, error: unknown): TrialResult {
  const broken = [error instanceof Error ? error.message : String(error)]
  const nothing = { requests: 0, failed: 0, onTheWire: 0, lost: 0, rotations: 0 }
  const live = { liveMin: Infinity, liveMax: 0 }
  return {
    group,
    name,
    killed: false,
    convergedMs: null,
    ...nothing,
    ...live,
    broken,
    skipped: null,
  }
}
