import { assertCredential, type CredentialRecord } from '../../src/kernel/credential.ts'
import {
  AssertionError,
  StoreConflictError,
  StoreUnavailableError,
} from '../../src/kernel/errors.ts'
import type { Clock, Stop } from '../../src/kernel/ports/clock.ts'
import type {
  LastUses,
  Lease,
  Member,
  Store,
  Stored,
  StoreVersion,
} from '../../src/kernel/ports/store.ts'
import { mergeUses } from '../../src/stores/gone-uses.ts'

interface HeldLease {
  readonly holder: string | null
  readonly fence: number
  readonly untilMs: number
}

/** What several replicas' memory stores share; the faults that a test wants are set here. */
export class MemoryStorage {
  readonly records = new Map<string, Stored>()
  readonly leases = new Map<string, HeldLease>()
  readonly members = new Map<string, Map<string, Member>>()
  readonly goneUses = new Map<string, LastUses>()
  readonly watchers = new Map<string, Set<() => void>>()
  /** While true, every call fails with `StoreUnavailableError` and nothing happens. */
  isDown = false
  #loseAnswers = 0

  /** The next write happens, and its answer is lost. */
  loseNextAnswer(): void {
    this.#loseAnswers++
  }

  /** @throws StoreUnavailableError when the answer of this write is to be lost */
  answer(): void {
    if (this.#loseAnswers === 0) return
    this.#loseAnswers--
    throw new StoreUnavailableError('the answer of the store was lost')
  }

  /** @throws StoreUnavailableError while it is down */
  reach(): void {
    if (this.isDown) throw new StoreUnavailableError('the store is down')
  }
}

/** A store in memory: one object per replica on one shared storage. Passes `test/contract/store.ts`. */
export class MemoryStore implements Store {
  readonly #clock: Clock
  readonly #storage: MemoryStorage

  constructor(clock: Clock, storage = new MemoryStorage()) {
    this.#clock = clock
    this.#storage = storage
  }

  async read(credentialId: string): Promise<Stored | null> {
    this.#storage.reach()
    return this.#storage.records.get(credentialId) ?? null
  }

  async compareAndSwap(
    credentialId: string,
    expected: StoreVersion | null,
    record: CredentialRecord,
  ): Promise<StoreVersion> {
    const { records, watchers } = this.#storage
    this.#storage.reach()
    assertCredential(record)
    if (record.credentialId !== credentialId) {
      throw new AssertionError(`the record breaks a rule: it is saved as its own credential's`)
    }
    const before = records.get(credentialId)?.version ?? null
    if (before !== expected) throw new StoreConflictError('somebody else wrote the record')
    const version = (before ?? 0) + 1
    records.set(credentialId, { record, version })
    for (const changed of watchers.get(credentialId) ?? []) queueMicrotask(changed)
    this.#storage.answer()
    return version
  }

  watch(credentialId: string, changed: () => void): Stop {
    const { watchers } = this.#storage
    const mine = watchers.get(credentialId) ?? new Set()
    watchers.set(credentialId, mine)
    let isStopped = false
    const listener = (): void => {
      if (!isStopped) changed()
    }
    mine.add(listener)
    return () => {
      isStopped = true
      mine.delete(listener)
    }
  }

  async acquireLease(credentialId: string, holder: string, ttlMs: number): Promise<Lease | null> {
    const { leases } = this.#storage
    this.#storage.reach()
    const found = leases.get(credentialId)
    const isOthers = found !== undefined && found.holder !== null && found.holder !== holder
    if (isOthers && this.#clock.monotonic() < found.untilMs) return null
    const fence = (found?.fence ?? 0) + 1
    const write = (by: string | null) =>
      leases.set(credentialId, { holder: by, fence, untilMs: this.#clock.monotonic() + ttlMs })
    const isMine = () => leases.get(credentialId)?.fence === fence
    write(holder)
    return {
      fence,
      renew: async () => {
        this.#storage.reach()
        if (isMine()) write(holder)
        return isMine()
      },
      release: async () => {
        this.#storage.reach()
        if (isMine()) write(null)
      },
    }
  }

  async publishMember(credentialId: string, member: Member): Promise<void> {
    const { members } = this.#storage
    this.#storage.reach()
    const mine = members.get(credentialId) ?? new Map<string, Member>()
    members.set(credentialId, mine.set(member.instance, member))
  }

  async members(credentialId: string): Promise<readonly Member[]> {
    this.#storage.reach()
    return [...(this.#storage.members.get(credentialId)?.values() ?? [])]
  }

  async removeMember(credentialId: string, instance: string): Promise<void> {
    const { members, goneUses } = this.#storage
    this.#storage.reach()
    const found = members.get(credentialId)?.get(instance)
    if (found === undefined) return
    goneUses.set(credentialId, mergeUses(goneUses.get(credentialId) ?? {}, found.lastUse))
    members.get(credentialId)?.delete(instance)
  }

  async goneUses(credentialId: string): Promise<LastUses> {
    this.#storage.reach()
    return this.#storage.goneUses.get(credentialId) ?? {}
  }

  async close(): Promise<void> {}
}
