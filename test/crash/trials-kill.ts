import { setTimeout as sleep } from 'node:timers/promises'
import { CRASH_POINTS } from '../../src/rotation/crash-points.ts'
import type { Lane } from './lane.ts'
import type { Replica } from './replica.ts'
import type { Disturbance, Stage, Trial } from './trial.ts'

/** A rotation passes every crash point within this time; the longest way is that of a revoke that has to settle. */
const REACH_MAX_MS = 45_000
/** `promote:*` as a call belongs to providers that promote themselves; here it is the save of a promotion. */
const ABORTS = /^save:aborting:/

/** One trial for each named crash point: SIGKILL there, by the point itself. */
export function crashPointTrials(points: readonly string[]): readonly Trial[] {
  const unknown = points.filter((name) => !CRASH_POINTS.includes(name))
  if (unknown.length > 0) throw new Error(`no crash point ${unknown.join(', ')}`)
  return points.map((name) => ({
    group: 'crash point',
    name,
    disturb: (stage) => killAt(stage, name),
  }))
}

/** The very first save, of a process that knows nothing. */
export function firstStartTrials(): readonly Trial[] {
  return ['save:idle:before', 'save:idle:after'].map((name) => ({
    group: 'crash point',
    name: `${name} (first start)`,
    empty: true,
    disturb: async (stage) => afterDeath(stage.lane, await armed(stage.lane, name)),
  }))
}

/** SIGKILL from outside, at any moment. */
export function randomKillTrials(times: number): readonly Trial[] {
  return Array.from({ length: times }, (_, index) => ({
    group: 'process',
    name: `SIGKILL at a random time ${index + 1}`,
    async disturb({ lane, random }) {
      await sleep(random.int(4_000))
      const replica = lane.holder()
      replica.signal('SIGKILL')
      await replica.process.exited
      return afterDeath(lane, replica)
    },
  }))
}

async function killAt({ lane }: Stage, name: string): Promise<Disturbance> {
  await lane.stopAll()
  const replica = await armed(lane, name)
  if (ABORTS.test(name)) await abortUntilDead(replica)
  if (!(await replica.dies(REACH_MAX_MS))) throw new Error(`${name} was not reached`)
  return afterDeath(lane, replica)
}

function armed(lane: Lane, name: string): Promise<Replica> {
  return lane.start(name)
}

/** Nothing aborts by itself: an operator does, as soon as the phase allows. */
async function abortUntilDead(replica: Replica): Promise<void> {
  for (let tries = 0; tries < 400 && replica.endedAtMs === null; tries++) {
    await replica.process.api('POST', '/api/credentials/vonage/abort').catch(() => undefined)
    await sleep(50)
  }
}

/** Looks at what the dead left behind before anybody can mend it, then starts the next one. */
export async function afterDeath(lane: Lane, replica: Replica): Promise<Disturbance> {
  await replica.dies(0)
  const lost = lane.witness.lost()
  if (lost.length > 0) throw new Error(`at the death ${lost.join(', ')} was live and in no record`)
  const disturbance = {
    killed: true,
    endedAtMs: replica.endedAtMs ?? Date.now(),
    generation: lane.generation(),
  }
  lane.searchOutputs()
  await lane.start()
  return disturbance
}
