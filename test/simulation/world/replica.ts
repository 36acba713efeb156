import type { Log } from '../../../src/kernel/ports/log.ts'
import type { RotationCommand } from '../../../src/kernel/ports/rotation-control.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { SeededRandom } from '../../fakes/random.ts'
import type { Engine, EngineCredential, RunningEngine } from '../engine.ts'
import { DataPlane } from './data-plane.ts'
import type { Network } from './network.ts'
import type { SimCredential } from './sim-credential.ts'
import type { SimProcess } from './sim-process.ts'
import { SimProvider } from './sim-provider.ts'
import { SimStore } from './sim-store.ts'
import type { VirtualTime } from './virtual-time.ts'

export const LATENCY_MAX_MS = 40
const NO_LOG: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export interface ReplicaDeps {
  readonly process: SimProcess
  readonly engine: Engine
  readonly credentials: readonly SimCredential[]
  readonly network: Network
  readonly time: VirtualTime
  /** Of this life alone. */
  readonly seed: number
  readonly requestEveryMs: number
  readonly crashPoint: (name: string) => void
}

/** One life of one replica: the production engine and, for each credential, the proxy's side of it. */
export class Replica {
  readonly process: SimProcess
  readonly #engine: RunningEngine
  readonly #dataPlanes: readonly DataPlane[]

  constructor(deps: ReplicaDeps) {
    const { process, credentials, network, time } = deps
    this.process = process
    const random = new SeededRandom(deps.seed)
    const providers = credentials.map(
      ({ account, history }) => new SimProvider(account, network, process, history, time, random),
    )
    this.#engine = deps.engine({
      credentials: credentials.map((credential, at) =>
        engineCredential(credential, providers[at]!, deps),
      ),
      log: NO_LOG,
      clock: process.clock,
      random,
      crashPoint: deps.crashPoint,
      instance: process.instance,
    })
    this.#dataPlanes = credentials.map(
      ({ credentialId, account, store, history }, at) =>
        new DataPlane({
          process,
          provider: providers[at]!,
          log: NO_LOG,
          store: new SimStore(store, network, process, true),
          credentialId,
          account,
          time,
          random,
          history,
          requestEveryMs: deps.requestEveryMs,
          upstreamLatencyMaxMs: LATENCY_MAX_MS,
          earlyLook: () => this.#engine.earlyLook(credentialId),
          isLeft: (generation) => (store.stored?.record.current.generation ?? 0) > generation,
        }),
    )
  }

  /** Begins to serve every credential. */
  serve(): void {
    for (const dataPlane of this.#dataPlanes) void dataPlane.start()
  }

  /** What an operator says; refusals are the operator's. */
  command(credentialId: string, command: RotationCommand): void {
    this.#engine.command(credentialId, command).catch(() => {})
  }

  /** Ends in order. */
  async stop(): Promise<void> {
    await Promise.all(this.#dataPlanes.map((dataPlane) => dataPlane.stop()))
    await this.#engine.stop()
  }
}

function engineCredential(
  { credentialId, accountName, bootstrap, plan, store, history, managedBy }: SimCredential,
  provider: SimProvider,
  { network, process, time }: ReplicaDeps,
): EngineCredential {
  let known: string | null = null
  return {
    credentialId,
    account: accountName,
    policy: plan.policy,
    provider,
    store: new SimStore(store, network, process, false),
    bootstrapSecret: new SecretValue(bootstrap),
    managedBy,
    waits: (reason) => {
      if (reason === null || reason === known) return
      known = reason
      history.add({ kind: 'waits', atMs: time.nowMs, instance: process.instance, reason })
    },
  }
}
