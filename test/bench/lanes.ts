import type { Contender } from './contender.ts'
import { type Running, type Sample, start, type Start } from './measure.ts'
import { PLACEHOLDER, SECRETS } from './requests.ts'
import type { Scenario } from './scenarios.ts'
import type { World } from './world.ts'

/** Name of the row that is no proxy: the load goes to the upstream. */
export const DIRECT = 'direct'

/** What is known of a process before it gets its load. */
export interface Idle extends Start {
  /** CPU while nobody asks anything, in milliseconds per second; null: not measured. */
  readonly idleCpu: number | null
}

/** The samples of one contender in one scenario, one per round. */
export interface Series {
  readonly name: string
  /** One per process that was started. */
  readonly starts: readonly Idle[]
  readonly samples: readonly Sample[]
}

/** What one process of a contender has come to. */
export interface End extends Series {
  readonly rotations: number
}

/** One row of a scenario: a contender that is up, or none. */
export interface Lane {
  readonly name: string
  readonly port: number
  readonly scenario: Scenario
  readonly running: Running | null
  readonly samples: Sample[]
  idleCpu: number | null
  readonly rotations: () => Promise<number>
}

/** The load of each row of a contender, by its name. */
export function variantsOf(
  scenario: Scenario,
  name: string,
): readonly (readonly [string, Scenario])[] {
  const { against } = scenario
  if (against === null) return [[name, scenario]]
  return [
    [name, scenario],
    [againstName(name, against.label), { ...scenario, ...against, against: null }],
  ]
}

/** Starts a contender. What keeps it from answering is told as text. */
export async function openLane(
  world: World,
  contender: Contender,
  name: string,
  scenario: Scenario,
): Promise<Lane | string> {
  const setting = await world.setting(contender.name, scenario)
  const running = await start(contender, setting)
  if (typeof running === 'string') return running
  const rotations = async () => (await contender.rotations?.(setting)) ?? 0
  return { name, port: setting.port, scenario, running, samples: [], idleCpu: null, rotations }
}

/** Nobody injects when nobody is between. Without TLS in every scenario: what that costs is added by the proxies. */
export async function directLane(world: World, scenario: Scenario): Promise<Lane> {
  const { upstream } = await world.setting(DIRECT, { tls: false, routes: 1, rotating: false })
  const request = scenario.request.replaceAll(PLACEHOLDER, SECRETS.current)
  const own = { ...scenario, request }
  return {
    name: DIRECT,
    port: upstream.port,
    scenario: own,
    running: null,
    samples: [],
    idleCpu: null,
    rotations: async () => 0,
  }
}

export async function endOfLane(lane: Lane): Promise<End> {
  const { name, running, samples, idleCpu } = lane
  const starts: Idle[] = []
  if (running !== null) {
    const { firstAnswerMs, idleMb } = running
    starts.push({ firstAnswerMs, idleMb, idleCpu })
  }
  const rotations = lane.scenario.rotating ? await lane.rotations() : 0
  if (lane.scenario.rotating && rotations === 0) {
    throw new Error(`${name} has not rotated: give it more --seconds`)
  }
  return { name, starts, samples, rotations }
}

/** Name of the row that a contender's row is compared with. */
export function againstName(name: string, label: string): string {
  return `${name} (${label})`
}
