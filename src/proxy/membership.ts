import { MEMBER_PUBLISH_MS } from '../kernel/limits.ts'
import type { Clock, Stop } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Member, Store } from '../kernel/ports/store.ts'
import type { CredentialView } from './credential-view.ts'

/** A replica with nothing new to say is heard this often all the same. */
const MEMBER_HEARTBEAT_MS = 30_000

export interface MembershipDeps {
  readonly clock: Clock
  readonly log: Log
  readonly store: Store
  readonly view: CredentialView
  readonly instance: string
}

/**
 * What this replica tells the others of one credential: which generations it holds, with which one a new request would
 * start, and when each was last used. The revocation of an old version waits for it.
 */
export class Membership {
  readonly #deps: MembershipDeps
  #running = false
  #publishing: Promise<void> = Promise.resolve()
  #published = ''
  #saidAtMs = Number.NEGATIVE_INFINITY
  #stops: readonly Stop[] = []
  #stopTimer: Stop | null = null

  constructor(deps: MembershipDeps) {
    this.#deps = deps
  }

  /** Registers, before the record is read for the first time. @throws StoreUnavailableError */
  async register(): Promise<void> {
    await this.#deps.store.publishMember(this.#deps.view.credentialId, this.#member())
    if (this.#running) return
    this.#running = true
    this.#stops = [this.#deps.view.onChange(() => void this.#publish())]
    this.#schedule()
  }

  /** Says nothing more, and leaves what was said: somebody else speaks for this replica now. */
  abandon(): void {
    this.#running = false
    for (const stop of this.#stops) stop()
    this.#stopTimer?.()
  }

  /** Says that this replica is gone; call it when no request is in flight any more. */
  async deregister(): Promise<void> {
    if (!this.#running) return
    this.abandon()
    await this.#publishing
    const { store, view, instance, log } = this.#deps
    try {
      // Its last uses count after it: the old version has to be quiet since then.
      const last = this.#member()
      if (said(last) !== this.#published) await store.publishMember(view.credentialId, last)
      await store.removeMember(view.credentialId, instance)
    } catch {
      // Whoever waits for this replica goes on waiting, and says so; nothing is revoked too early.
      log.warn('member not deregistered', { credential: view.credentialId })
    }
  }

  #schedule(): void {
    this.#stopTimer = this.#deps.clock.after(MEMBER_PUBLISH_MS, () => {
      void this.#publish().finally(() => {
        if (this.#running) this.#schedule()
      })
    })
  }

  /** One at a time, so that what was said last is what the store holds last. */
  #publish(): Promise<void> {
    this.#publishing = this.#publishing.then(() => this.#publishNow())
    return this.#publishing
  }

  async #publishNow(): Promise<void> {
    if (!this.#running) return
    const { store, view, log, clock } = this.#deps
    const member = this.#member()
    if (said(member) === this.#published && !this.#isHeartbeatDue(member)) return
    this.#saidAtMs = clock.monotonic()
    try {
      await store.publishMember(view.credentialId, member)
      this.#published = said(member)
    } catch {
      if (this.#published !== '')
        log.warn('member not published', { credential: view.credentialId })
      this.#published = ''
    }
  }

  /** Thousands of credentials at rest cost little; a report on a staged promotion must be fresh. */
  #isHeartbeatDue({ rollout }: Member): boolean {
    const { clock } = this.#deps
    return rollout !== undefined || clock.monotonic() - this.#saidAtMs >= MEMBER_HEARTBEAT_MS
  }

  #member(): Member {
    const { view, instance, clock } = this.#deps
    const rollout = view.rolloutReport
    return {
      instance,
      held: view.snapshot?.candidates.map(({ version }) => version.generation) ?? [],
      // Without a snapshot nothing is acknowledged.
      ackGeneration: view.firstChoice() ?? 0,
      lastUse: view.lastUse,
      ...(rollout !== null && { rollout }),
      atMs: clock.now(),
    }
  }
}

/** All but the time. */
function said(member: Member): string {
  return JSON.stringify({ ...member, atMs: 0 })
}
