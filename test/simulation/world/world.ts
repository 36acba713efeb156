import type { Log } from '../../../src/kernel/ports/log.ts'
import type { ManagementAuth } from '../../../src/kernel/ports/provider.ts'
import type { RotationCommand } from '../../../src/kernel/ports/rotation-control.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { SeededRandom } from '../../fakes/random.ts'
import type { Engine, RunningEngine } from '../engine.ts'
import { Recorder } from '../history.ts'
import type { Plan } from '../plan.ts'
import { DataPlane } from './data-plane.ts'
import { FaultBoard } from './fault-board.ts'
import { describeFault } from './faults.ts'
import type { Fault, OperatorAct } from './faults.ts'
import { Network } from './network.ts'
import { SimAccount } from './sim-account.ts'
import { SimProvider } from './sim-provider.ts'
import { CrashSignal, SimProcess } from './sim-process.ts'
import { SimStoreState } from './sim-store-state.ts'
import { SimStore } from './sim-store.ts'
import type { StoreDefects } from './sim-store-state.ts'
import { VirtualTime } from './virtual-time.ts'

const NO_LOG: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const CREDENTIAL_ID = 'vonage'
const ACCOUNT = 'a1b2c3d4'
const BOOTSTRAP = 'Bootstrap0Secret0OfTheApp'
const PARENT: ManagementAuth = { account: 'parent01', secret: new SecretValue('ParentSecret1') }
const LATENCY_MAX_MS = 40
/** Above the lease, so that a process which stands still wakes up as a zombie. */
const PAUSE_MS = 20_000
const SINGLE_FAULT_DOWN_MS = 1_000

interface Replica {
  process: SimProcess
  engine: RunningEngine
  dataPlane: DataPlane
}

/** One seed's world: an account, a store, replicas with the production engine, an app that never stops asking. */
export class World {
  readonly time = new VirtualTime()
  readonly history = new Recorder()
  readonly account: SimAccount
  readonly store: SimStoreState
  readonly network: Network
  readonly #board = new FaultBoard()
  readonly #plan: Plan
  readonly #engine: Engine
  readonly #random: SeededRandom
  readonly #replicas: Replica[] = []
  #lives = 0
  kills = 0
  readonly crashPoints = new Map<string, number>()

  constructor(plan: Plan, engine: Engine, defects: StoreDefects = {}) {
    this.#plan = plan
    this.#engine = engine
    this.#random = new SeededRandom(plan.seed * 2 + 7_919)
    this.#board.abortIn = (delayMs) => {
      this.time.after(delayMs, () => this.operate({ kind: 'abort' }))
    }
    const { time, history } = this
    const managedBy = plan.managedBy ? PARENT : null
    this.account = new SimAccount(time, this.#random, history, { ...plan, managedBy }, BOOTSTRAP)
    this.account.fateOf = (operation) => this.#board.providerFate(operation, time.nowMs)
    this.store = new SimStoreState(time, history, plan.proofOfDeathMs, defects)
    this.store.reachable = (process) => this.#board.reachable(process, time.nowMs)
    // A stage in which no request met the hidden service finds nothing, and must not cost requests later.
    this.store.wrote = ({ current }) => this.account.refuseNoHalf(current.value.expose())
    this.store.writeFate = () => this.#board.writeFate()
    this.network = new Network(time, this.#random, {
      latencyMaxMs: LATENCY_MAX_MS,
      pauseMs: PAUSE_MS,
      lateUntilMs: plan.faultsEndMs,
      restart: (process, why) => this.#kill(process, SINGLE_FAULT_DOWN_MS, why),
    })
  }

  /** Starts every replica, and puts the schedule into the queue. */
  start(): void {
    for (let replica = 0; replica < this.#plan.replicas; replica++) {
      this.time.after(this.#random.int(500), () => this.#launch(replica))
    }
    for (const fault of this.#plan.faults) {
      this.time.after(fault.atMs, () => this.#apply(fault))
    }
    this.time.after(this.#plan.faultsEndMs, () => this.#endFaults())
  }

  /** An operator acts through one replica that lives; nothing happens while none does. */
  operate(command: RotationCommand): void {
    const able = this.#replicas.filter(({ process }) => process.alive)
    const replica = able[this.#random.int(Math.max(1, able.length))]
    replica?.engine.command(command).catch(() => {})
  }

  /** The operator says that the bootstrap secret may go, if that is what the rotation waits for. */
  consent(): void {
    const previous = this.store.stored?.record.previous
    if (previous?.bootstrap !== true || previous.secretId === null) return
    this.operate({ kind: 'revoke', secretId: previous.secretId })
  }

  #launch(position: number): void {
    const { time, history } = this
    const life = ++this.#lives
    const skewMs = this.#random.int(2 * this.#plan.skewMaxMs + 1) - this.#plan.skewMaxMs
    const process = new SimProcess(time, position, `r${position}-${life}`, skewMs)
    const random = new SeededRandom(this.#plan.seed * 1_009 + life)
    const provider = new SimProvider(this.account, this.network, process, history, time, random)
    const engine = this.#engine({
      credentialId: CREDENTIAL_ID,
      account: ACCOUNT,
      policy: this.#plan.policy,
      provider,
      log: NO_LOG,
      store: new SimStore(this.store, this.network, process, false),
      clock: process.clock,
      random,
      crashPoint: (name) => this.#crashPoint(process, name),
      instance: process.instance,
      bootstrapSecret: new SecretValue(BOOTSTRAP),
      managedBy: this.account.habits.managedBy,
      waits: this.#waits(process),
    })
    const dataPlane = new DataPlane({
      process,
      provider,
      log: NO_LOG,
      store: new SimStore(this.store, this.network, process, true),
      credentialId: CREDENTIAL_ID,
      account: this.account,
      time,
      random,
      history,
      requestEveryMs: this.#plan.requestEveryMs,
      upstreamLatencyMaxMs: LATENCY_MAX_MS,
      earlyLook: () => engine.earlyLook(),
      isLeft: (generation) => (this.store.stored?.record.current.generation ?? 0) > generation,
    })
    this.#replicas[position] = { process, engine, dataPlane }
    this.#note(process, 'started', '')
    void dataPlane.start()
  }

  #waits({ instance }: SimProcess): (reason: string | null) => void {
    let known: string | null = null
    return (reason) => {
      if (reason === null || reason === known) return
      known = reason
      this.history.add({ kind: 'waits', atMs: this.time.nowMs, instance, reason })
    }
  }

  #crashPoint(process: SimProcess, name: string): void {
    if (!process.alive) throw new CrashSignal(name)
    this.crashPoints.set(name, (this.crashPoints.get(name) ?? 0) + 1)
    const fault = this.#board.atCrashPoint()
    if (fault?.kind === 'freeze') this.#pause(process, fault.forMs, name)
    if (fault?.kind !== 'crash') return
    this.#kill(process, fault.downMs, name)
    throw new CrashSignal(name)
  }

  #apply(fault: Fault): void {
    this.history.add({ kind: 'fault', atMs: this.time.nowMs, what: describeFault(fault) })
    this.#board.put(fault, this.time.nowMs)
    switch (fault.kind) {
      case 'kill':
        return this.#on(fault.replica, ({ process }) => this.#kill(process, fault.downMs, 'kill'))
      case 'stop':
        return this.#on(fault.replica, (replica) => void this.#stop(replica, fault.downMs))
      case 'pause':
        return this.#on(fault.replica, ({ process }) => this.#pause(process, fault.forMs, 'pause'))
      case 'skew':
        return this.#on(fault.replica, ({ process }) => void (process.skewMs += fault.byMs))
      case 'partition':
      case 'store-down':
        this.time.after(fault.forMs + 1, () => this.store.reconnect())
        return
      case 'half-refused':
        return this.account.refuseHalfOfNext()
      case 'foreign-create':
        this.account.create(`Foreign${this.time.nowMs}`, 'foreign')
        return
      case 'foreign-revoke':
        return this.#foreignRevoke(fault.pick)
      case 'operator':
        return this.#operator(fault.act)
      case 'crash':
      case 'freeze':
      case 'provider':
      case 'store-write':
      case 'late-and-abort':
    }
  }

  #endFaults(): void {
    this.#board.clear()
    this.account.refuseNoHalf(null)
    this.store.reconnect()
    this.operate({ kind: 'resume' })
    this.history.add({ kind: 'faults-ended', atMs: this.time.nowMs })
  }

  #foreignRevoke(pick: number): void {
    const live = this.account.live()
    const secret = live[pick % live.length]
    if (secret !== undefined) this.account.revoke(secret.secretId, 'foreign', null)
  }

  #operator(act: OperatorAct): void {
    if (act === 'pause-resume') {
      this.operate({ kind: 'pause' })
      this.time.after(15_000, () => this.operate({ kind: 'resume' }))
    } else if (act === 'rotate' || act === 'emergency') {
      this.operate({ kind: 'rotate', emergency: act === 'emergency' })
    } else if (act === 'consent') this.consent()
    else this.operate({ kind: act })
  }

  #on(position: number, act: (replica: Replica) => void): void {
    const replica = this.#replicas[position]
    if (replica?.process.alive) act(replica)
  }

  #kill(process: SimProcess, downMs: number, why: string): void {
    if (!process.alive) return
    process.kill()
    this.kills++
    this.#note(process, 'killed', why)
    this.time.after(downMs, () => this.#launch(process.replica))
  }

  #pause(process: SimProcess, forMs: number, why: string): void {
    process.pause(forMs)
    this.#note(process, 'paused', `${forMs} ms, ${why}`)
  }

  async #stop({ process, engine, dataPlane }: Replica, downMs: number): Promise<void> {
    await dataPlane.stop()
    await engine.stop()
    if (!process.alive) return
    process.kill()
    this.#note(process, 'stopped', '')
    this.time.after(downMs, () => this.#launch(process.replica))
  }

  #note(process: SimProcess, event: 'started' | 'killed' | 'stopped' | 'paused', detail: string) {
    const { instance } = process
    this.history.add({ kind: 'process', atMs: this.time.nowMs, instance, event, detail })
  }
}
