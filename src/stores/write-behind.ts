import type { CredentialRecord } from '../kernel/credential.ts'
import { StoreConflictError } from '../kernel/errors.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Member, Store, Stored, StoreVersion } from '../kernel/ports/store.ts'
import { Turns } from './turns.ts'

/** So many first records or members are waited for at once; a burst of more is written after the start. */
const AT_ONCE_MAX = 32
/**
 * After a write none is begun for this many times as long as it took: requests share the core and the disk. Other replicas
 * may wait for a registration, and nobody for a first record.
 */
const MEMBER_REST_RATIO = 1
const RECORD_REST_RATIO = 4
/** A slow disk must not make everybody wait for longer than this each time, ms. */
const REST_MAX_MS = 100

/**
 * Lets a process with thousands of credentials start before all of its first records and registrations are written: in
 * a burst, all but the first `AT_ONCE_MAX` are accepted at once and written one after the other, at leisure:
 * registrations first, since other replicas wait for nobody whom they do not know of.
 *
 * Nothing can be lost by it. A first record holds only what the configuration says, and every later write of a
 * credential waits for it: no intent is saved before it, so nothing is done at the provider. A registration is written
 * before this process reads who is registered, so its own rotations never overlook it.
 */
export class WriteBehind implements Store {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Log
  readonly #records = new Map<string, CredentialRecord>()
  readonly #members = new Map<string, Member>()
  /** The writes of what waited, of each credential. */
  readonly #turns = new Turns()
  #waited = 0
  #draining: Promise<void> | null = null
  /** What could not be written: it waits until it is said again, or until all else is written. */
  readonly #failed = new Set<string>()
  readonly #watchers = new Map<string, Set<() => void>>()
  readonly #closing = new AbortController()

  constructor(store: Store, { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#store = store
    this.#clock = clock
    this.#log = log
  }

  async read(credentialId: string): Promise<Stored | null> {
    const record = this.#records.get(credentialId)
    return record === undefined ? this.#store.read(credentialId) : { record, version: FIRST }
  }

  async compareAndSwap(
    credentialId: string,
    expected: StoreVersion | null,
    record: CredentialRecord,
  ): Promise<StoreVersion> {
    if (expected !== null) await this.#settle(credentialId)
    else if (this.#records.has(credentialId)) throw new StoreConflictError('it has a first record')
    else if (this.#isBurst()) return this.#later(this.#records, credentialId, record)
    return this.#waitFor(() => this.#store.compareAndSwap(credentialId, expected, record))
  }

  async publishMember(credentialId: string, member: Member): Promise<void> {
    const waits = this.#members.has(credentialId)
    if (waits || this.#isBurst()) this.#later(this.#members, credentialId, member)
    else await this.#waitFor(() => this.#store.publishMember(credentialId, member))
  }

  async members(credentialId: string): Promise<readonly Member[]> {
    await this.#settle(credentialId)
    return this.#store.members(credentialId)
  }

  async removeMember(credentialId: string, instance: string): Promise<void> {
    const waiting = this.#members.get(credentialId)
    // Its last uses count after it: they are said before it goes.
    const tells = waiting !== undefined && Object.keys(waiting.lastUse).length > 0
    if (tells) await this.#settle(credentialId)
    else this.#members.delete(credentialId)
    await this.#turns.take(credentialId, () => this.#store.removeMember(credentialId, instance))
  }

  goneUses(credentialId: string): ReturnType<Store['goneUses']> {
    return this.#store.goneUses(credentialId)
  }

  watch(credentialId: string, changed: () => void): () => void {
    const stop = this.#store.watch(credentialId, changed)
    const listener = (): void => changed()
    const listeners = this.#watchers.get(credentialId) ?? new Set()
    this.#watchers.set(credentialId, listeners.add(listener))
    return () => {
      stop()
      listeners.delete(listener)
      if (listeners.size === 0 && this.#watchers.get(credentialId) === listeners) {
        this.#watchers.delete(credentialId)
      }
    }
  }

  acquireLease(...wanted: Parameters<Store['acquireLease']>): ReturnType<Store['acquireLease']> {
    return this.#store.acquireLease(...wanted)
  }

  /** What is not written yet is left out: the next start finds it in the configuration. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#draining
    await this.#store.close()
  }

  #isBurst(): boolean {
    return this.#waited >= AT_ONCE_MAX
  }

  async #waitFor<T>(write: () => Promise<T>): Promise<T> {
    this.#waited++
    try {
      return await write()
    } finally {
      this.#waited--
    }
  }

  #later<T>(waiting: Map<string, T>, credentialId: string, value: T): StoreVersion {
    waiting.set(credentialId, value)
    this.#failed.delete(credentialId)
    this.#draining ??= this.#drain()
    return FIRST
  }

  async #drain(): Promise<void> {
    for (let next = this.#next(); next !== null; next = this.#next()) {
      const { credentialId, write, restRatio } = next
      const fromMs = this.#clock.monotonic()
      try {
        await this.#turns.take(credentialId, write)
      } catch (error) {
        // Whoever needs it tries again, and is told.
        this.#failed.add(credentialId)
        toTheEnd(this.#members, credentialId)
        toTheEnd(this.#records, credentialId)
        const reason = error instanceof Error ? error.name : 'unknown'
        this.#log.warn('not written yet', { credential: credentialId, reason })
      }
      await this.#rest((this.#clock.monotonic() - fromMs) * restRatio)
    }
    this.#failed.clear()
    // In the same turn: whoever says something from here on begins anew.
    this.#draining = null
  }

  /** What is written next, registrations before records; null: nothing waits, or the store is being closed. */
  #next() {
    if (this.#closing.signal.aborted) return null
    const member = firstNotIn(this.#failed, this.#members)
    if (member !== null) {
      const write = () => this.#writeMember(member)
      return { credentialId: member, write, restRatio: MEMBER_REST_RATIO }
    }
    const record = firstNotIn(this.#failed, this.#records)
    if (record === null) return null
    const write = () => this.#writeRecord(record)
    return { credentialId: record, write, restRatio: RECORD_REST_RATIO }
  }

  async #rest(forMs: number): Promise<void> {
    // Whoever closes does not wait for it.
    await this.#clock.sleep(Math.min(forMs, REST_MAX_MS), this.#closing.signal).catch(() => {})
  }

  /** Writes what waits of a credential. @throws what the store throws; it goes on waiting then */
  async #settle(credentialId: string): Promise<void> {
    if (!this.#members.has(credentialId) && !this.#records.has(credentialId)) return
    await this.#turns.take(credentialId, async () => {
      await this.#writeRecord(credentialId)
      await this.#writeMember(credentialId)
    })
  }

  async #writeRecord(credentialId: string): Promise<void> {
    const record = this.#records.get(credentialId)
    if (record === undefined) return
    try {
      await this.#store.compareAndSwap(credentialId, null, record)
      this.#records.delete(credentialId)
    } catch (error) {
      if (!(error instanceof StoreConflictError)) throw error
      // Another replica was first: what it wrote holds.
      this.#records.delete(credentialId)
      // It may have gone on since. Whoever was told of that has read the record that waited here.
      for (const changed of this.#watchers.get(credentialId) ?? []) changed()
    }
  }

  async #writeMember(credentialId: string): Promise<void> {
    for (;;) {
      const member = this.#members.get(credentialId)
      if (member === undefined) return
      await this.#store.publishMember(credentialId, member)
      // What was said meanwhile is written too.
      if (this.#members.get(credentialId) === member) this.#members.delete(credentialId)
    }
  }
}

/** The version of a record that was written for the first time. */
const FIRST: StoreVersion = 1

/** Others may be written before it. */
function toTheEnd<T>(waiting: Map<string, T>, credentialId: string): void {
  const value = waiting.get(credentialId)
  if (value === undefined) return
  waiting.delete(credentialId)
  waiting.set(credentialId, value)
}

function firstNotIn(
  failed: ReadonlySet<string>,
  waiting: ReadonlyMap<string, unknown>,
): string | null {
  for (const id of waiting.keys()) if (!failed.has(id)) return id
  return null
}
