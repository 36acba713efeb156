import { setTimeout as sleep } from 'node:timers/promises'
import { LEASE_TTL_MS } from '../../src/kernel/limits.ts'
import type { Lane } from './lane.ts'
import { endsNow, type Stage, type Trial } from './trial.ts'

/** Longer than the lease lives, so that somebody else may take it meanwhile. */
const PAUSE_MS = LEASE_TTL_MS + 4_000
/** A rotation takes about this long; what happens at a random time happens anywhere in it. */
const ROTATION_MS = 4_000

/** Orderly restarts, pauses beyond the lease, and two replicas of which one fails. */
export function processTrials(): readonly Trial[] {
  return [
    {
      group: 'process',
      name: 'SIGTERM and restart at a random time',
      async disturb(stage) {
        await sleep(stage.random.int(ROTATION_MS))
        await stage.lane.stopAll()
        await stage.lane.start()
        return endsNow(stage)
      },
    },
    {
      group: 'process',
      name: 'SIGSTOP beyond the lease',
      slow: 20,
      async disturb(stage) {
        await sleep(stage.random.int(ROTATION_MS))
        await pauseHolder(stage)
        return endsNow(stage)
      },
    },
    {
      group: 'process',
      name: 'of two replicas, SIGSTOP of the leader beyond the lease',
      slow: 25,
      async disturb(stage) {
        await stage.lane.start()
        await sleep(stage.random.int(ROTATION_MS))
        await pauseHolder(stage)
        return endsNow(stage)
      },
      undo: ({ lane }) => keepOne(lane),
    },
    ...['leader', 'follower'].map((whom): Trial => ({
      group: 'process',
      name: `of two replicas, SIGKILL of the ${whom}`,
      slow: 5,
      async disturb(stage) {
        const { lane, random } = stage
        await lane.start()
        await sleep(random.int(ROTATION_MS))
        const leader = lane.holder()
        const other = lane.running.find((replica) => replica !== leader) ?? leader
        const victim = whom === 'leader' ? leader : other
        victim.signal('SIGKILL')
        await victim.dies(0)
        return endsNow(stage, true)
      },
      undo: ({ lane }) => keepOne(lane),
    })),
  ]
}

/** A paused process is no longer ready: an orchestrator's probe would not be answered. */
async function pauseHolder({ lane }: Stage): Promise<void> {
  const replica = lane.holder()
  replica.signal('SIGSTOP')
  const others = lane.running.filter((each) => each !== replica)
  // Alone, its requests wait and are answered when it goes on.
  if (others.length > 0) replica.ready = false
  await sleep(PAUSE_MS)
  replica.signal('SIGCONT')
  replica.ready = true
}

async function keepOne(lane: Lane): Promise<void> {
  const [first, ...more] = lane.running
  if (first === undefined) await lane.start()
  for (const replica of more) await replica.stop()
}
