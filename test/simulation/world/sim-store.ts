import type { CredentialRecord } from '../../../src/kernel/credential.ts'
import { StoreUnavailableError } from '../../../src/kernel/errors.ts'
import type { Stop } from '../../../src/kernel/ports/clock.ts'
import type { LastUses, Lease, Member, Store, Stored } from '../../../src/kernel/ports/store.ts'
import type { Fate, Network } from './network.ts'
import type { SimProcess } from './sim-process.ts'
import type { SimStoreState } from './sim-store-state.ts'

/** A store client gives up after this, in milliseconds. */
const STORE_TIMEOUT_MS = 2_000

/** The store as one process sees it, over the network. */
export class SimStore implements Store {
  readonly #state: SimStoreState
  readonly #network: Network
  readonly #process: SimProcess
  /** Whose reads are told to the history: those of the part that serves requests. */
  readonly #serves: boolean
  #hasRead = false
  #goneUses: LastUses = {}

  constructor(state: SimStoreState, network: Network, process: SimProcess, serves: boolean) {
    this.#state = state
    this.#network = network
    this.#process = process
    this.#serves = serves
  }

  read(): Promise<Stored | null> {
    return this.#call('read', () => {
      if (this.#serves && !this.#hasRead) this.#state.noteRead(this.#process)
      this.#hasRead = true
      return this.#state.stored
    })
  }

  compareAndSwap(
    _credentialId: string,
    expected: number | null,
    record: CredentialRecord,
  ): Promise<number> {
    const write = (): number => this.#state.write(this.#process, expected, record)
    return this.#call('compare-and-swap', write, this.#state.writeFate())
  }

  watch(_credentialId: string, changed_: () => void): Stop {
    return this.#state.watch(this.#process, changed_)
  }

  async acquireLease(_credentialId: string, holder: string, ttlMs: number): Promise<Lease | null> {
    const fence = await this.#call('lease', () => this.#state.acquire(holder, ttlMs))
    if (fence === null) return null
    const mine = (): boolean => this.#state.lease?.fence === fence
    return {
      fence,
      renew: () =>
        this.#call('renew', () => {
          if (!mine()) return false
          this.#state.lease = { holder, fence, expiresAtMs: this.#expiry(ttlMs) }
          return true
        }),
      release: () =>
        this.#call('release', () => {
          if (mine()) this.#state.lease = null
        }),
    }
  }

  publishMember(_credentialId: string, member: Member): Promise<void> {
    const saidAtMs = this.#state.timeMs
    return this.#call('publish', () => this.#state.publish(this.#process, member, saidAtMs))
  }

  members(): Promise<readonly Member[]> {
    return this.#call('members', () => {
      const members = this.#state.liveMembers()
      this.#goneUses = this.#state.goneUses
      return members
    })
  }

  /** As of the last answer on the members, so that it costs no call of its own. */
  async goneUses(): Promise<LastUses> {
    return this.#goneUses
  }

  removeMember(_credentialId: string, instance: string): Promise<void> {
    return this.#call('deregister', () => this.#state.removeMember(instance))
  }

  async close(): Promise<void> {}

  #expiry(ttlMs: number): number {
    return this.#state.timeMs + ttlMs
  }

  #call<T>(name: string, apply: () => T, fate: Fate = 'deliver'): Promise<T> {
    return this.#network.send<T>({
      process: this.#process,
      name,
      fate: this.#state.reachable(this.#process) ? fate : 'lose-request',
      timeoutMs: STORE_TIMEOUT_MS,
      apply,
      noAnswer: () => {
        throw new StoreUnavailableError('the store gave no answer')
      },
    })
  }
}
