import type { RotationCommand } from '../../../src/kernel/ports/rotation-control.ts'
import { SeededRandom } from '../../fakes/random.ts'
import type { Engine } from '../engine.ts'
import type { HistoryEvent } from '../history.ts'
import { type Plan, accountsOf } from '../plan.ts'
import { FaultBoard } from './fault-board.ts'
import { describeFault } from './faults.ts'
import type { Fault, OperatorAct } from './faults.ts'
import { Network } from './network.ts'
import { LATENCY_MAX_MS, Replica } from './replica.ts'
import { SimCredential } from './sim-credential.ts'
import { CrashSignal, SimProcess } from './sim-process.ts'
import type { StoreDefects } from './sim-store-state.ts'
import { VirtualTime } from './virtual-time.ts'

/** Above the lease, so that a process which stands still wakes up as a zombie. */
const PAUSE_MS = 20_000
const SINGLE_FAULT_DOWN_MS = 1_000
const LEAKED: RotationCommand = { kind: 'rotate', emergency: true }

/** One seed's world: accounts, a store, replicas with the production engine, an app that never stops asking. */
export class World {
  readonly time = new VirtualTime()
  /** The primary first. */
  readonly credentials: readonly SimCredential[]
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
    this.credentials = this.#found(defects)
    this.network = new Network(this.time, this.#random, {
      latencyMaxMs: LATENCY_MAX_MS,
      pauseMs: PAUSE_MS,
      lateUntilMs: plan.faultsEndMs,
      restart: (process, why) => this.#kill(process, SINGLE_FAULT_DOWN_MS, why),
    })
  }

  /** The accounts, all of them under the same faults. */
  #found(defects: StoreDefects): readonly SimCredential[] {
    const { time } = this
    const { managedBy, proofOfDeathMs } = this.#plan
    const found: SimCredential[] = []
    for (const [position, plan] of accountsOf(this.#plan).entries()) {
      const credential = new SimCredential({
        time,
        random: this.#random,
        plan,
        position,
        managedBy: found[0] ?? (managedBy ? 'parent' : null),
        proofOfDeathMs,
        defects,
      })
      const [primary] = found
      const soon = (whose: SimCredential, command: RotationCommand) => (delayMs: number) => {
        time.after(delayMs, () => this.operate(whose, command))
      }
      const meanwhile = {
        abortIn: soon(credential, { kind: 'abort' }),
        leakIn: primary === undefined ? null : soon(primary, LEAKED),
      }
      credential.account.fateOf = (operation) =>
        this.#board.providerFate(operation, time.nowMs, meanwhile)
      credential.store.reachable = (process) => this.#board.reachable(process, time.nowMs)
      credential.store.writeFate = () => this.#board.writeFate()
      found.push(credential)
    }
    return found
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
  operate({ credentialId }: SimCredential, command: RotationCommand): void {
    const able = this.#replicas.filter(({ process }) => process.alive)
    const replica = able[this.#random.int(Math.max(1, able.length))]
    replica?.command(credentialId, command)
  }

  /** The operator says that the bootstrap secret may go, if that is what the rotation waits for. */
  consent(credential: SimCredential): void {
    const previous = credential.store.stored?.record.previous
    if (previous?.bootstrap !== true || previous.secretId === null) return
    this.operate(credential, { kind: 'revoke', secretId: previous.secretId })
  }

  #launch(position: number): void {
    const { time, network, credentials } = this
    const { seed, skewMaxMs, requestEveryMs } = this.#plan
    const life = ++this.#lives
    const skewMs = this.#random.int(2 * skewMaxMs + 1) - skewMaxMs
    const process = new SimProcess(time, position, `r${position}-${life}`, skewMs)
    const replica = new Replica({
      process,
      engine: this.#engine,
      credentials,
      network,
      time,
      seed: seed * 1_009 + life,
      requestEveryMs,
      crashPoint: (name) => this.#crashPoint(process, name),
    })
    this.#replicas[position] = replica
    this.#note(process, 'started', '')
    replica.serve()
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
    this.#tell({ kind: 'fault', atMs: this.time.nowMs, what: describeFault(fault) })
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
        this.time.after(fault.forMs + 1, () => this.#reconnect())
        return
      case 'half-refused':
      case 'foreign-create':
      case 'foreign-revoke':
      case 'operator': {
        const struck = this.credentials[fault.account ?? 0]
        if (struck !== undefined) this.#strike(struck, fault)
        return
      }
      case 'crash':
      case 'freeze':
      case 'provider':
      case 'store-write':
      case 'late-and-abort':
      case 'hang-and-leak':
    }
  }

  /** What happens to one account. */
  #strike(struck: SimCredential, fault: Extract<Fault, { account?: number }>): void {
    const { account } = struck
    switch (fault.kind) {
      case 'half-refused':
        return account.refuseHalfOfNext()
      case 'foreign-create':
        account.create(`Foreign${this.time.nowMs}`, 'foreign')
        return
      case 'foreign-revoke': {
        const live = account.live()
        const secret = live[fault.pick % live.length]
        if (secret !== undefined) account.revoke(secret.secretId, 'foreign', null)
        return
      }
      case 'operator':
        return this.#operator(struck, fault.act)
    }
  }

  #endFaults(): void {
    this.#board.clear()
    for (const { account } of this.credentials) account.refuseNoHalf(null)
    this.#reconnect()
    for (const credential of this.credentials) this.operate(credential, { kind: 'resume' })
    this.#tell({ kind: 'faults-ended', atMs: this.time.nowMs })
  }

  #reconnect(): void {
    for (const { store } of this.credentials) store.reconnect()
  }

  #operator(credential: SimCredential, act: OperatorAct): void {
    if (act === 'pause-resume') {
      this.operate(credential, { kind: 'pause' })
      this.time.after(15_000, () => this.operate(credential, { kind: 'resume' }))
    } else if (act === 'rotate' || act === 'emergency') {
      this.operate(credential, { kind: 'rotate', emergency: act === 'emergency' })
    } else if (act === 'consent') this.consent(credential)
    else this.operate(credential, { kind: act })
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

  async #stop(replica: Replica, downMs: number): Promise<void> {
    const { process } = replica
    await replica.stop()
    if (!process.alive) return
    process.kill()
    this.#note(process, 'stopped', '')
    this.time.after(downMs, () => this.#launch(process.replica))
  }

  #note(process: SimProcess, event: 'started' | 'killed' | 'stopped' | 'paused', detail: string) {
    const { instance } = process
    this.#tell({ kind: 'process', atMs: this.time.nowMs, instance, event, detail })
  }

  /** What every account's observer sees. */
  #tell(event: HistoryEvent): void {
    for (const { history } of this.credentials) history.add(event)
  }
}
