import { setTimeout as sleep } from 'node:timers/promises'
import { CRASH_POINTS } from '../../src/rotation/crash-points.ts'
import type { FaultOrder } from '../../src/emulator/vonage/fault-desk.ts'
import type { SeededRandom } from '../fakes/random.ts'
import { ACCOUNT } from './app.ts'
import type { Replica } from './replica.ts'
import { afterDeath } from './trials-kill.ts'
import { endsNow, type Disturbance, type Stage, type Trial } from './trial.ts'

/** Faults of one storm, and how long it blows. */
const FAULTS_MAX = 4
const STORM_MS = 8_000
const KILLS_MAX = 3

const OPERATIONS = ['secrets.create', 'secrets.revoke', 'secrets.list', 'account.balance']
const KINDS: readonly FaultOrder['kind'][] = [
  'lose-answer',
  'lose-request',
  'late-request',
  'throttle',
  'error',
]

/**
 * Several faults at once, with kills among them: some mistakes survive every single fault. The seed decides what is meant to
 * happen; when it happens is up to the machine.
 */
export function stormTrial(seed: number): Trial {
  return {
    group: 'storm',
    name: `storm ${seed}`,
    seed,
    slow: 10,
    disturb: blow,
    undo({ lane }) {
      lane.control.configure({ createLagMs: { api: 0, rest: 0 }, revokeLagMs: { api: 0, rest: 0 } })
      return Promise.resolve()
    },
  }
}

async function blow(stage: Stage): Promise<Disturbance> {
  const { lane, random } = stage
  const untilMs = Date.now() + STORM_MS
  armFaults(stage)
  const kills = random.int(KILLS_MAX + 1)
  let last: Disturbance | null = null
  for (let kill = 0; kill < kills && Date.now() < untilMs; kill++) {
    const name = CRASH_POINTS[random.int(CRASH_POINTS.length)] ?? 'list:before'
    const armed = random.int(2) === 0
    await lane.stopAll()
    const replica = await lane.start(armed ? `${name}#${1 + random.int(2)}` : undefined)
    await sleep(random.int(3_000))
    await maybePause(replica, random)
    last = await afterDeath(lane, replica)
  }
  await sleep(Math.max(0, untilMs - Date.now()))
  lane.control.clearFaults()
  return { ...endsNow(stage), killed: last !== null }
}

function armFaults({ lane, random }: Stage): void {
  const many = 1 + random.int(FAULTS_MAX)
  for (let n = 0; n < many; n++) {
    const operation = OPERATIONS[random.int(OPERATIONS.length)] ?? '*'
    const kind = KINDS[random.int(KINDS.length)] ?? 'error'
    const times = 1 + random.int(3)
    const delayMs = 500 + random.int(4_000)
    const retryAfterSeconds = kind === 'throttle' ? 1 + random.int(4) : undefined
    lane.control.fault({
      operation,
      kind,
      times,
      delayMs,
      account: ACCOUNT,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    })
  }
  const lag = () => (random.int(3) === 0 ? random.int(3_000) : 0)
  lane.control.configure({
    createLagMs: { api: lag(), rest: lag() },
    revokeLagMs: { api: lag(), rest: lag() },
  })
}

async function maybePause(replica: Replica, random: SeededRandom): Promise<void> {
  if (random.int(3) > 0 || replica.endedAtMs !== null) return
  replica.signal('SIGSTOP')
  await sleep(random.int(2_000))
  replica.signal('SIGCONT')
}
