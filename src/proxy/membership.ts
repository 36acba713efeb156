import { isDeepStrictEqual } from 'node:util'
import type { Clock, Stop } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Member, Store } from '../kernel/ports/store.ts'
import type { CredentialView } from './credential-view.ts'
import type { Rounds } from './rounds.ts'

/** A replica with nothing new to say is heard this often all the same. */
const MEMBER_HEARTBEAT_MS = 30_000
/** Between the heartbeats of two credentials: thousands that were registered at once are not heard at once again. */
const HEARTBEAT_APART_MS = 10

export interface MembershipDeps {
  readonly clock: Clock
  readonly log: Log
  readonly store: Store
  readonly view: CredentialView
  readonly instance: string
  /** Tells it from the other credentials of this replica. */
  readonly number: number
  /** Looks whether there is something new to say, once in `MEMBER_PUBLISH_MS`. */
  readonly rounds: Rounds
}

/**
 * What this replica tells the others of one credential: which generations it holds, with which one a new request would
 * start, and when each was last used. The revocation of an old version waits for it.
 */
export class Membership {
  readonly #deps: MembershipDeps
  readonly #phaseMs: number
  #running = false
  #isWaiting = false
  #publishing: Promise<void> = Promise.resolve()
  /** Null: nothing, as far as this replica knows. */
  #published: Member | null = null
  #saidAtMs = Number.NEGATIVE_INFINITY
  #stops: readonly Stop[] = []

  constructor(deps: MembershipDeps) {
    this.#deps = deps
    this.#phaseMs = (deps.number * HEARTBEAT_APART_MS) % MEMBER_HEARTBEAT_MS
  }

  /** Registers, before the record is read for the first time. @throws StoreUnavailableError */
  async register(): Promise<void> {
    await this.#deps.store.publishMember(this.#deps.view.credentialId, this.#member())
    if (this.#running) return
    this.#running = true
    this.#stops = [
      this.#deps.view.onChange(() => void this.#publish()),
      this.#deps.rounds.join(() => {
        if (this.#isNews(this.#member())) void this.#publish()
      }),
    ]
  }

  /** Says nothing more, and leaves what was said: somebody else speaks for this replica now. */
  abandon(): void {
    this.#running = false
    for (const stop of this.#stops) stop()
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
      if (!saysSame(last, this.#published)) await store.publishMember(view.credentialId, last)
      await store.removeMember(view.credentialId, instance)
    } catch {
      // Whoever waits for this replica goes on waiting, and says so; nothing is revoked too early.
      log.warn('member not deregistered', { credential: view.credentialId })
    }
  }

  /** One at a time, so that what was said last is what the store holds last; one more waits at most. */
  #publish(): Promise<void> {
    if (this.#isWaiting) return this.#publishing
    this.#isWaiting = true
    this.#publishing = this.#publishing.then(() => {
      this.#isWaiting = false
      return this.#publishNow()
    })
    return this.#publishing
  }

  async #publishNow(): Promise<void> {
    if (!this.#running) return
    const { store, view, log, clock } = this.#deps
    const member = this.#member()
    if (!this.#isNews(member)) return
    this.#saidAtMs = clock.monotonic()
    try {
      await store.publishMember(view.credentialId, member)
      this.#published = member
    } catch {
      if (this.#published !== null) {
        log.warn('member not published', { credential: view.credentialId })
      }
      this.#published = null
    }
  }

  /** Thousands of credentials at rest cost little; a report on a staged promotion must be fresh. */
  #isNews(member: Member): boolean {
    if (member.rollout !== undefined || !saysSame(member, this.#published)) return true
    return this.#heartbeats(this.#deps.clock.monotonic()) !== this.#heartbeats(this.#saidAtMs)
  }

  /** How many were due until then. */
  #heartbeats(atMs: number): number {
    return Math.floor((atMs + this.#phaseMs) / MEMBER_HEARTBEAT_MS)
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
function saysSame(member: Member, known: Member | null): boolean {
  return (
    known !== null &&
    member.ackGeneration === known.ackGeneration &&
    isDeepStrictEqual(member.held, known.held) &&
    isDeepStrictEqual(member.lastUse, known.lastUse) &&
    isDeepStrictEqual(member.rollout, known.rollout)
  )
}
