import type { JournalEntry, SecretAct } from '../../src/emulator/vonage/journal.ts'
import type { EmulatorControl } from '../../src/emulator/vonage/control.ts'
import type { SecretValue } from '../../src/kernel/secret-value.ts'
import type { HistoryEvent } from '../simulation/history.ts'
import { ACCOUNT, type App } from './app.ts'
import { type Found, RecordLog, versionsIn } from './record-log.ts'
import { hash, recordEvent, SIDEKEY } from './record-event.ts'

/** Calls that the provider saw since the last look are asked for this often; its memory holds 2,000. */
const LOOK_MS = 500
const ENTRIES_MAX = 2_000

/**
 * Stands beside every party: reads each version of the record, the provider's journal and the app's failures, and writes them down
 * as the history that the simulation's checker understands. Values are written as hashes.
 */
export class Witness {
  readonly records: RecordLog
  readonly #control: EmulatorControl
  readonly #app: App
  readonly #timer: NodeJS.Timeout
  readonly #values = new Map<string, string>()
  readonly #ever = new Map<string, SecretValue>()
  readonly #actsSeen = new Set<string>()
  #seeded: readonly string[] = []
  #requestsSeen = 0
  #generation = 0
  readonly #failuresSeen = new WeakSet<object>()
  /** Every act since the start: what was live at an instant follows from them. */
  readonly #acts: SecretAct[] = []
  /** The newest accepted use of each secret by the app, as the provider saw it. */
  readonly #lastUse = new Map<string, number>()
  readonly shortDrains: { readonly secretId: string; readonly quietMs: number }[] = []
  #events: HistoryEvent[] = []
  rotations = 0
  #sentBefore = 0

  constructor(control: EmulatorControl, app: App, directory: string, key: Uint8Array) {
    this.#control = control
    this.#app = app
    this.records = new RecordLog(directory, key, (found) => this.#sawRecord(found))
    this.#timer = setInterval(() => this.look(), LOOK_MS)
  }

  close(): void {
    clearInterval(this.#timer)
    this.records.close()
  }

  /** Begins a history with what is live and recorded now. */
  begin(): void {
    this.look()
    const found = this.records.read()
    // As old as the record: what comes next may have been written, though not put in place, before now.
    const atMs = found?.writtenAtMs ?? Date.now()
    const live = new Set(this.live())
    this.#events = this.live().map((secretId) => ({
      kind: 'created',
      atMs,
      by: this.#makerOf(secretId),
      secretId,
      value: this.#values.get(secretId) ?? '',
      usableFromMs: atMs,
    }))
    this.shortDrains.length = 0
    this.#sentBefore = this.#app.sent
    if (found === null) return
    // What ended before this history began needs no proof of its absence in it.
    const gone = versionsIn(found.record).flatMap(({ secretId }) => secretId ?? [])
    const secretIds = gone.filter((secretId) => !live.has(secretId))
    this.add({
      kind: 'answer',
      atMs,
      instance: SIDEKEY,
      call: 0,
      operation: 'revoke',
      answer: 'absent',
      secretIds,
    })
    this.add(recordEvent(found, atMs))
  }

  add(event: HistoryEvent): void {
    this.#events.push(event)
  }

  /** Everything since `begin`, in order. */
  history() {
    this.look()
    const order = this.#events.map((event, index) => ({ event, index }))
    order.sort(
      (a, b) => a.event.atMs - b.event.atMs || rank(a.event) - rank(b.event) || a.index - b.index,
    )
    return {
      events: order.map(({ event }) => event),
      requestsAccepted: this.#app.sent - this.#sentBefore,
    }
  }

  /** Ids that the provider holds for live now, or did at an instant. */
  live(atMs = Infinity): readonly string[] {
    const live = new Set(this.#seeded)
    for (const { act, secretId, atMs: actedAtMs } of this.#acts) {
      if (actedAtMs > atMs) break
      if (act === 'created') live.add(secretId)
      else live.delete(secretId)
    }
    return [...live]
  }

  /** Live secrets of Sidekey's that are not in the record on the disk; before the first record the operator has the only one. */
  lost(): readonly string[] {
    this.look()
    const found = this.records.read()
    const known = found === null ? [] : versionsIn(found.record).map(({ value }) => hash(value))
    return this.live().filter((secretId) => {
      const maker = this.#makerOf(secretId)
      if (maker === 'foreign' || (maker === 'bootstrap' && found === null)) return false
      return !known.includes(this.#values.get(secretId) ?? '')
    })
  }

  /** Every secret that was ever live or recorded. */
  ever(): readonly SecretValue[] {
    return [...this.#ever.values()]
  }

  /** Takes in what the provider saw since the last time. */
  look(): void {
    this.#learnValues()
    const fresh = this.#control.acts().filter((act) => !this.#actsSeen.has(keyOf(act)))
    for (const act of fresh) {
      this.#actsSeen.add(keyOf(act))
      this.#acts.push(act)
    }
    const { requests } = this.#control.state().counters
    const unseen = Math.min(requests - this.#requestsSeen, ENTRIES_MAX)
    this.#requestsSeen = requests
    if (unseen > 0) for (const entry of this.#control.requests(unseen)) this.#sawCall(entry)
    // After the calls: whether a secret was quiet before its end is told by them.
    for (const act of fresh) this.add(this.#actEvent(act))
    for (const failure of this.#app.failures) {
      if (this.#failuresSeen.has(failure)) continue
      this.#failuresSeen.add(failure)
      const attempts = [{ generation: 0, value: '', accepted: false }]
      const { atMs, endMs } = failure
      this.add({ kind: 'request', atMs, endMs, instance: SIDEKEY, attempts })
    }
  }

  #learnValues(): void {
    const secrets = this.#control.state().accounts[0]?.secrets ?? []
    const values = this.#control.values(ACCOUNT)
    if (this.#values.size === 0) this.#seeded = secrets.map(({ id }) => id)
    for (const [index, { id }] of secrets.entries()) {
      const value = values[index]
      if (value === undefined || this.#values.has(id)) continue
      this.#values.set(id, hash(value))
      this.#ever.set(hash(value), value)
    }
  }

  #sawRecord(found: Found): void {
    for (const { value } of versionsIn(found.record)) this.#ever.set(hash(value), value)
    const { generation } = found.record.current
    if (this.#generation > 0 && generation > this.#generation) this.rotations++
    this.#generation = generation
    this.add(recordEvent(found, found.writtenAtMs))
  }

  #actEvent({ act, secretId, atMs, by }: SecretAct): HistoryEvent {
    const maker = by === 'api' ? 'us' : 'foreign'
    if (act === 'revoked') {
      this.#checkQuiet(secretId, atMs, maker)
      return { kind: 'revoked', atMs, by: maker, secretId, auth: null }
    }
    const value = this.#values.get(secretId) ?? ''
    return { kind: 'created', atMs, by: maker, secretId, value, usableFromMs: atMs }
  }

  #makerOf(secretId: string): 'us' | 'foreign' | 'bootstrap' {
    const made = this.#acts.find((act) => act.act === 'created' && act.secretId === secretId)
    if (made === undefined) return 'bootstrap'
    return made.by === 'api' ? 'us' : 'foreign'
  }

  /** The drain as the provider sees it: nobody used what we revoke, for a while. */
  #checkQuiet(secretId: string, atMs: number, by: 'us' | 'foreign'): void {
    const quietMs = atMs - (this.#lastUse.get(secretId) ?? -Infinity)
    if (by === 'us' && quietMs < Infinity) this.shortDrains.push({ secretId, quietMs })
  }

  #sawCall(entry: JournalEntry): void {
    const { operation, atMs, secretId, refused, status } = entry
    if (operation === null) return
    if (!operation.startsWith('secrets.') && operation !== 'account.balance') {
      if (secretId !== null && !refused) this.#lastUse.set(secretId, atMs)
      return
    }
    const call = { atMs, instance: SIDEKEY, call: 0 }
    if (operation === 'secrets.revoke' && status !== 429 && status < 500) {
      const target = entry.path.split('/').at(-1) ?? ''
      const auth = this.#values.get(secretId ?? '') ?? null
      const fate = entry.fault ?? 'delivered'
      this.add({
        ...call,
        kind: 'call',
        operation: 'revoke',
        auth,
        value: null,
        secretId: target,
        fate,
      })
      const answer = { 204: 'revoked', 404: 'absent' }[status]
      if (answer === undefined) return
      this.add({ ...call, kind: 'answer', operation: 'revoke', answer, secretIds: [target] })
    }
    if (operation === 'secrets.list' && status === 200) {
      const listedAtMs = atMs - this.#control.state().settings.listLagMs
      const secretIds = this.live(listedAtMs)
      this.add({ ...call, kind: 'answer', operation: 'list', answer: 'listed', secretIds })
    }
  }
}

function keyOf({ act, secretId }: SecretAct): string {
  return `${act} ${secretId}`
}

/** Within one millisecond: a value is recorded before it is created; acts stay in their order, and lists come after them. */
function rank({ kind }: HistoryEvent): number {
  if (kind === 'record') return 0
  return kind === 'created' || kind === 'revoked' ? 1 : 2
}
