import type { CredentialRecord, SecretVersion } from '../../../src/kernel/credential.ts'
import { StoreConflictError } from '../../../src/kernel/errors.ts'
import type { Stop } from '../../../src/kernel/ports/clock.ts'
import type { LastUses, Member, Stored } from '../../../src/kernel/ports/store.ts'
import { mergeUses, usesOfDead } from '../../../src/stores/gone-uses.ts'
import type { RecordedRecord, RecordedVersion, Recorder } from '../history.ts'
import type { Fate } from './network.ts'
import { EPOCH_MS } from './sim-process.ts'
import type { SimProcess } from './sim-process.ts'
import type { VirtualTime } from './virtual-time.ts'

/** A watch tells after this, in milliseconds, as one over a real API does. */
const WATCH_MS = 3

/** Deliberate defects of the store, for mutants. */
export interface StoreDefects {
  /** Writes win whatever they expected. */
  readonly casDropped?: boolean
  /** Members that were silent for this long are forgotten, in milliseconds. */
  readonly membersExpireMs?: number
  /** What a replica used goes with it. */
  readonly forgetsUses?: boolean
}

interface Registered {
  readonly process: SimProcess
  member: Member
}

/** The truth in the store: one record, one lease, the members. */
export class SimStoreState {
  stored: Stored | null = null
  lease: { readonly holder: string; readonly fence: number; expiresAtMs: number } | null = null
  readonly members = new Map<string, Registered>()
  goneUses: LastUses = {}
  readonly #heard = new Map<string, number>()
  readonly #watchers = new Set<{ readonly process: SimProcess; readonly changed: () => void }>()
  readonly #time: VirtualTime
  readonly #history: Recorder
  readonly #defects: StoreDefects
  /** Whether a process can reach the store now. */
  reachable: (process: SimProcess) => boolean = () => true
  /** Told of every record that is written. */
  wrote: (record: CredentialRecord) => void = () => {}
  /** Decides what becomes of the next write of a record. */
  writeFate: () => Fate = () => 'deliver'
  /** A dead process is provably dead after this, in milliseconds. */
  readonly proofOfDeathMs: number
  fences = 0

  constructor(
    time: VirtualTime,
    history: Recorder,
    proofOfDeathMs: number,
    defects: StoreDefects = {},
  ) {
    this.#time = time
    this.#history = history
    this.proofOfDeathMs = proofOfDeathMs
    this.#defects = defects
  }

  write(process: SimProcess, expected: number | null, record: CredentialRecord): number {
    const replaced = this.stored?.version ?? null
    if (expected !== replaced && this.#defects.casDropped !== true) {
      throw new StoreConflictError('the record was written by somebody else')
    }
    const version = (replaced ?? 0) + 1
    this.stored = { record, version }
    this.wrote(record)
    this.#history.add({
      kind: 'record',
      atMs: this.#time.nowMs,
      instance: process.instance,
      expected,
      replaced,
      version,
      record: recorded(record),
    })
    for (const watcher of this.#watchers) this.#tell(watcher.process, watcher.changed)
    return version
  }

  watch(process: SimProcess, changed: () => void): Stop {
    const watcher = { process, changed }
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** The connection is back: whoever watches hears of what it missed. */
  reconnect(): void {
    for (const { process, changed } of this.#watchers) this.#tell(process, changed)
  }

  liveMembers(): readonly Member[] {
    const nowMs = this.#time.nowMs
    for (const [instance, { process, member }] of this.members) {
      if (process.diedAtMs === null || nowMs < process.diedAtMs + this.proofOfDeathMs) continue
      this.members.delete(instance)
      this.#bury(usesOfDead(member, EPOCH_MS + nowMs))
      this.#history.add({ kind: 'member-gone', atMs: nowMs, instance, how: 'proven-dead' })
    }
    const expireMs = this.#defects.membersExpireMs ?? Infinity
    return [...this.members.values()]
      .filter(({ process }) => nowMs - (this.#heard.get(process.instance) ?? 0) < expireMs)
      .map(({ member }) => member)
  }

  publish(process: SimProcess, member: Member, saidAtMs: number): void {
    const known = this.members.get(member.instance)
    if (known === undefined || changed(known.member, member)) {
      this.#history.add({
        kind: 'member',
        atMs: this.#time.nowMs,
        instance: member.instance,
        ackGeneration: member.ackGeneration,
        held: member.held,
        saidAtMs,
        lastUse: sinceStart(member.lastUse),
        rollout: member.rollout ?? null,
      })
    }
    this.#heard.set(member.instance, this.#time.nowMs)
    this.members.set(member.instance, { process, member })
  }

  removeMember(instance: string): void {
    this.#bury(this.members.get(instance)?.member.lastUse ?? {})
    if (!this.members.delete(instance)) return
    this.#history.add({
      kind: 'member-gone',
      atMs: this.#time.nowMs,
      instance,
      how: 'deregistered',
    })
  }

  #bury(uses: LastUses): void {
    if (this.#defects.forgetsUses !== true) this.goneUses = mergeUses(this.goneUses, uses)
  }

  acquire(holder: string, ttlMs: number): number | null {
    const nowMs = this.#time.nowMs
    if (this.lease !== null && this.lease.holder !== holder && nowMs < this.lease.expiresAtMs) {
      return null
    }
    this.fences++
    this.lease = { holder, fence: this.fences, expiresAtMs: nowMs + ttlMs }
    return this.fences
  }

  get timeMs(): number {
    return this.#time.nowMs
  }

  noteRead(process: SimProcess): void {
    this.#history.add({ kind: 'record-read', atMs: this.#time.nowMs, instance: process.instance })
  }

  #tell(process: SimProcess, changed_: () => void): void {
    process.after(WATCH_MS, () => {
      if (this.reachable(process)) changed_()
    })
  }
}

/** Instants of the wall clock as milliseconds of virtual time. */
function sinceStart(lastUse: Member['lastUse']): Record<number, number> {
  return Object.fromEntries(
    Object.entries(lastUse).map(([generation, atMs]) => [generation, atMs - EPOCH_MS]),
  )
}

function changed(before: Member, after: Member): boolean {
  return (
    before.ackGeneration !== after.ackGeneration ||
    before.held.join() !== after.held.join() ||
    before.rollout?.forMs !== after.rollout?.forMs ||
    Object.entries(after.lastUse).some(
      ([generation, atMs]) =>
        Number(generation) !== after.ackGeneration && before.lastUse[Number(generation)] !== atMs,
    )
  )
}

function recorded(record: CredentialRecord): RecordedRecord {
  return {
    phase: record.phase,
    blocked: record.blocked?.reason ?? null,
    lastGeneration: record.lastGeneration,
    emergency: record.emergency !== null,
    consented: record.bootstrapConsent,
    current: version(record.current),
    promotedAtMs: record.current.activatedAtMs - EPOCH_MS,
    pending: record.pending && version(record.pending),
    rollsOut: record.phase === 'staged' && record.pending?.rollout !== undefined,
    previous: record.previous && version(record.previous),
    tombstones: record.tombstones.map(version),
  }
}

function version(of: Pick<SecretVersion, 'generation' | 'value' | 'secretId'>): RecordedVersion {
  return { generation: of.generation, value: of.value.expose(), secretId: of.secretId }
}
