import { StoreUnavailableError } from '../kernel/errors.ts'
import { MEMBER_PUBLISH_MS } from '../kernel/limits.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Store } from '../kernel/ports/store.ts'
import type { ProxyTelemetry } from '../kernel/ports/telemetry.ts'
import type { EarlyLook, UseReader } from '../kernel/ports/usage.ts'
import type { VersionSource } from '../kernel/ports/version-source.ts'
import { CredentialView } from './credential-view.ts'
import { Membership } from './membership.ts'
import { Rounds } from './rounds.ts'
import { VersionUses } from './version-uses.ts'

export interface CredentialViewsDeps {
  readonly clock: Clock
  readonly log: Log
  readonly telemetry: ProxyTelemetry
  readonly uses: UseReader
  readonly earlyLook: EarlyLook
  readonly instance: string
}

interface Entry {
  readonly source: VersionSource
  readonly view: CredentialView
  /** Null for a credential that this Sidekey does not rotate. */
  readonly membership: Membership | null
}

/**
 * The credentials of a configuration. `prepare` makes what a new configuration needs, `commit` puts it to work: a view
 * whose source has not changed goes on as it is. Order of a start: register, read, serve.
 */
export class CredentialViews {
  readonly #deps: CredentialViewsDeps
  readonly #rounds: Rounds
  #memberships = 0
  #entries: ReadonlyMap<string, Entry> = new Map()
  #next: ReadonlyMap<string, Entry> = new Map()

  constructor(deps: CredentialViewsDeps) {
    this.#deps = deps
    this.#rounds = new Rounds(deps.clock, MEMBER_PUBLISH_MS)
  }

  prepare(
    sources: ReadonlyMap<string, VersionSource>,
    stores: ReadonlyMap<string, Store> = new Map(),
  ): void {
    this.#next = new Map(
      [...sources].map(([id, source]) => {
        const known = this.#entries.get(id)
        return [id, known?.source === source ? known : this.#enter(source, stores.get(id), known)]
      }),
    )
  }

  /** Of the prepared configuration. */
  get(credentialId: string): CredentialView {
    const entry = this.#next.get(credentialId)
    if (entry === undefined) throw new Error(`no source of credential ${credentialId}`)
    return entry.view
  }

  /** @throws StoreUnavailableError a new member can't be registered, or a credential that was readable is not any more;
   *   the old configuration stays then */
  async commit(): Promise<void> {
    const before = this.#entries
    const isNew = (entry: Entry) => before.get(entry.view.credentialId) !== entry
    const fresh = [...this.#next.values()].filter(isNew)
    try {
      // All of them, before any is left: one that registers late would never be stopped.
      const registered = await Promise.allSettled(
        fresh.map(async ({ membership }) => membership?.register()),
      )
      const failed = registered.find((one) => one.status === 'rejected')
      if (failed !== undefined) throw failed.reason
      await Promise.all(fresh.map(({ view }) => view.start()))
      for (const { view } of fresh) requireNoLoss(before.get(view.credentialId)?.view, view)
    } catch (error) {
      for (const entry of fresh) await this.#leave(entry, before)
      throw error
    }
    this.#entries = this.#next
    for (const [id, entry] of before) {
      if (this.#entries.get(id) !== entry) await this.#leave(entry, this.#entries)
    }
  }

  async #leave({ view, membership }: Entry, staying: ReadonlyMap<string, Entry>): Promise<void> {
    view.stop()
    // Another one of the same credential speaks under the same name.
    if (staying.get(view.credentialId)?.membership) membership?.abandon()
    else await membership?.deregister()
  }

  /** Credentials without a version that requests may use. */
  get missing(): readonly string[] {
    return [...this.#entries.values()]
      .filter(({ view }) => (view.snapshot?.candidates.length ?? 0) === 0)
      .map(({ view }) => view.credentialId)
  }

  /** Call it when no request is in flight any more. */
  async stop(): Promise<void> {
    for (const { view } of this.#entries.values()) view.stop()
    await Promise.all(
      [...this.#entries.values()].map(async ({ membership }) => membership?.deregister()),
    )
  }

  #enter(source: VersionSource, store: Store | undefined, before: Entry | undefined): Entry {
    const { telemetry } = this.#deps
    const meter = telemetry.credential(source.credentialId)
    // Requests in flight go on with the view before: what they use is still reported.
    const uses = before?.view.lastUses ?? new VersionUses()
    const view = new CredentialView({ ...this.#deps, source, meter, lastUses: uses })
    const rounds = this.#rounds
    const membership =
      store === undefined
        ? null
        : new Membership({ ...this.#deps, store, view, rounds, number: this.#memberships++ })
    return { source, view, membership }
  }
}

/** A credential that works is not given up for one that can't be read. */
function requireNoLoss(before: CredentialView | undefined, view: CredentialView): void {
  if (view.snapshot !== null || before === undefined || before.snapshot === null) return
  throw new StoreUnavailableError(`credential ${view.credentialId} can not be read now`)
}
