import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender } from './contender.ts'
import {
  directLane,
  type End,
  endOfLane,
  type Lane,
  openLane,
  type Series,
  variantsOf,
} from './lanes.ts'
import { load, type Sample } from './measure.ts'
import type { Options } from './options.ts'
import { together } from './samples.ts'
import type { Scenario } from './scenarios.ts'
import type { World } from './world.ts'

/**
 * Just-in-time compilers need some time, and Sidekey needs two seconds until it reuses connections for requests that
 * can't be sent twice. In production both are long past.
 */
const WARM_UP_SECONDS = 3
/** Percentiles show what is compiled late; connections that begin and end are part of it. */
const OPEN_LOOP_WARM_UPS = 4
/** Whatever happens every few seconds should be in it. */
const REST_MS = 2_000
/**
 * An open loop sends less than any other load; its 99th percentile needs some thousand requests. What disturbs the machine
 * for a while is all of that percentile, so that the middle one of several slices counts: of a dozen it was 15 % off.
 */
const OPEN_LOOP_MIN_SECONDS = 2.5
const OPEN_LOOP_SLICES = { count: 8, length: 1 }

/**
 * Two rows of one contender, a few percent apart, can only be compared where they are measured close in time, and often:
 * so many slices are one sample, and each is so long in rounds.
 */
const SLICES = { count: 12, length: 1 / 6 }
const ONE_SLICE = { count: 1, length: 1 }
/** What they promise is a few percent; of six rounds at least it can be told how certain that is. */
export const PAIR_ROUNDS_MIN = 8

/** What a process has to tidy up when it comes to rest. */
const BEFORE_REST_SECONDS = 1

export interface Result {
  readonly scenario: Scenario
  readonly series: readonly Series[]
  /** What kept contenders from being measured, and what is to be known of those that were. */
  readonly remarks: readonly string[]
}

/**
 * Runs one scenario: all contenders are up, and each round measures them one after the other, so that drift hits all.
 * Processes of one program differ by some percent from start to start, by where their code and memory come to lie: rows
 * that are compared with each other get new processes for every round.
 */
export async function runScenario(
  world: World,
  scenario: Scenario,
  contenders: readonly Contender[],
  options: Options,
): Promise<Result> {
  const { needs, against } = scenario
  const able = contenders.filter(({ abilities }) => needs === null || abilities.includes(needs))
  const runs: Run[] = []
  if (against === null) runs.push(await runOnce(world, scenario, able, options))
  else {
    const rounds = Math.max(options.rounds, PAIR_ROUNDS_MIN)
    while (runs.length < rounds) {
      runs.push(await runOnce(world, scenario, able, { ...options, rounds: 1 }))
    }
  }
  const ends = runs.flatMap((run) => run.ends)
  const names = new Set(ends.map(({ name }) => name))
  const series = [...names].map((name) => joined(ends.filter((end) => end.name === name)))
  const remarks = new Set(runs.flatMap((run) => run.remarks))
  for (const { name, rotations } of series) {
    if (rotations > 0) remarks.add(`${name} has rotated ${rotations} times meanwhile.`)
  }
  return { scenario, remarks: [...remarks], series }
}

interface Run {
  readonly ends: readonly End[]
  readonly remarks: readonly string[]
}

function joined(ends: readonly End[]): End {
  return {
    name: ends[0]?.name ?? '',
    starts: ends.flatMap(({ starts }) => starts),
    samples: ends.flatMap(({ samples }) => samples),
    rotations: ends.reduce((sum, { rotations }) => sum + rotations, 0),
  }
}

async function runOnce(
  world: World,
  scenario: Scenario,
  contenders: readonly Contender[],
  options: Options,
): Promise<Run> {
  const { needs, against } = scenario
  const lanes: Lane[] =
    needs === 'replay' || needs === 'rotation' ? [] : [await directLane(world, scenario)]
  const remarks: string[] = []
  try {
    for (const contender of contenders) {
      for (const [name, variant] of variantsOf(scenario, contender.name)) {
        const lane = await openLane(world, contender, name, variant)
        if (typeof lane === 'string') remarks.push(lane)
        else lanes.push(lane)
      }
    }
    if (against === null) await idle(lanes)
    const warmUps = scenario.rate > 0 ? OPEN_LOOP_WARM_UPS : 1
    for (let time = 0; time < warmUps; time++) await exercise(lanes, options, WARM_UP_SECONDS)
    const plain = scenario.rate > 0 && scenario.restSeconds === 0 ? OPEN_LOOP_SLICES : ONE_SLICE
    await measure(lanes, options, against === null ? plain : SLICES)
    return { ends: await Promise.all(lanes.map(endOfLane)), remarks }
  } finally {
    await Promise.all(lanes.flatMap(({ running }) => running?.process.stop() ?? []))
  }
}

/** As many requests as each takes, one lane after the other. */
async function exercise(lanes: readonly Lane[], options: Options, seconds: number): Promise<void> {
  for (const { port, running, scenario } of lanes) {
    if (running === null) continue
    await load(port, running.process, { ...scenario, rate: 0 }, { ...options, seconds })
  }
}

/** What all of them take while they wait. */
async function idle(lanes: readonly Lane[]): Promise<void> {
  const before = lanes.map(({ running }) => running?.process.threadsSeconds() ?? 0)
  await sleep(REST_MS)
  for (const [index, lane] of lanes.entries()) {
    const seconds = (lane.running?.process.threadsSeconds() ?? 0) - (before[index] ?? 0)
    lane.idleCpu = (seconds * 1_000) / (REST_MS / 1_000)
  }
}

async function measure(
  lanes: readonly Lane[],
  options: Options,
  { count, length }: typeof SLICES,
): Promise<void> {
  for (let round = 0; round < options.rounds; round++) {
    await rest(lanes, options)
    const parts = new Map(lanes.map((lane): [Lane, Sample[]] => [lane, []]))
    for (let slice = 0; slice < count; slice++) {
      // The last one of a slice has the first turn of the next, so that whom it comes behind is no matter.
      for (const lane of slice % 2 === 0 ? lanes : lanes.toReversed()) {
        parts.get(lane)?.push(await sample(lane, options, length))
      }
    }
    for (const [{ samples }, slices] of parts) samples.push(together(slices))
  }
}

/** All at once: nothing else would do anything meanwhile. */
async function rest(lanes: readonly Lane[], options: Options): Promise<void> {
  const seconds = Math.max(...lanes.map(({ scenario }) => scenario.restSeconds))
  if (seconds === 0) return
  await exercise(lanes, options, BEFORE_REST_SECONDS)
  await sleep(seconds * 1_000)
}

async function sample(lane: Lane, options: Options, length: number): Promise<Sample> {
  const { port, running, scenario } = lane
  const least = scenario.rate > 0 ? OPEN_LOOP_MIN_SECONDS : 0
  const seconds = Math.max(least, options.seconds * length)
  return load(port, running?.process ?? null, scenario, { ...options, seconds })
}
