import { createPublicKey } from 'node:crypto'
import type { Clock } from '../../kernel/ports/clock.ts'
import type { Random } from '../../kernel/ports/random.ts'
import { EmulatedAccount } from './emulated-account.ts'
import type { FaultDesk } from './fault-desk.ts'
import type { Journal } from './journal.ts'
import type { EmulatedSignature } from './verify-signature.ts'
import type { EmulatedApplication } from './verify-token.ts'
import { DEFAULT_SETTINGS, type EmulatorSettings } from './settings.ts'

const DAY_MS = 86_400_000

/** An account as it is at the start. At least one secret. */
export interface SeedAccount {
  readonly key: string
  readonly secrets: readonly string[]
  /** How it signs requests; absent: none of them is accepted. */
  readonly signature?: EmulatedSignature | undefined
}

/** An application as it is at the start. */
export interface SeedApplication {
  readonly id: string
  /** Key of the account. */
  readonly account: string
  /** PEM. */
  readonly publicKey: string
}

/** An account that its primary manages too. */
export interface SeedSecondary extends SeedAccount {
  readonly primary: string
}

export interface WorldDeps {
  readonly clock: Clock
  readonly random: Random
  readonly journal: Journal
  readonly faults: FaultDesk
}

/** All that the emulated provider knows. */
export class World {
  readonly clock: Clock
  readonly random: Random
  readonly journal: Journal
  readonly faults: FaultDesk
  readonly accounts = new Map<string, EmulatedAccount>()
  /** By id. */
  readonly applications = new Map<string, EmulatedApplication>()
  /** By the key of the account. */
  readonly signatures = new Map<string, EmulatedSignature>()
  settings: EmulatorSettings = DEFAULT_SETTINGS
  /** What the families remember between calls, such as verifications; `remember` bounds each. */
  readonly #shelves = new Map<string, Map<string, unknown>>()

  constructor({ clock, random, journal, faults }: WorldDeps) {
    this.clock = clock
    this.random = random
    this.journal = journal
    this.faults = faults
  }

  /** Adds an account whose secrets are a month old. */
  seed({ key, secrets, signature }: SeedAccount, primary: string | null): void {
    const atMs = this.clock.now() - 30 * DAY_MS
    const account = new EmulatedAccount(key, primary, primary === null ? 'Primary' : key, atMs)
    secrets.forEach((value, index) => account.seed(this.uuid(), value, atMs + index * DAY_MS))
    this.accounts.set(key, account)
    if (signature !== undefined) this.signatures.set(key, signature)
  }

  /** Knows an application from now on, or its new key. @throws Error when the text is no public key */
  enrol({ publicKey, ...application }: SeedApplication): void {
    this.applications.set(application.id, { ...application, publicKey: createPublicKey(publicKey) })
  }

  /** A random UUID (RFC 9562, version 4), from the emulator's own randomness. */
  uuid(): string {
    const hex = this.random.id()
    const variant = '89ab'.charAt(this.random.int(4))
    const tail = `${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${tail}`
  }

  /** What a family keeps, by its id; the oldest is forgotten beyond a thousand. */
  shelf<T>(name: string): Shelf<T> {
    let kept = this.#shelves.get(name)
    if (kept === undefined) this.#shelves.set(name, (kept = new Map()))
    return new Shelf<T>(kept as Map<string, T>)
  }
}

const SHELF_MAX = 1000

class Shelf<T> {
  readonly #kept: Map<string, T>

  constructor(kept: Map<string, T>) {
    this.#kept = kept
  }

  get(id: string | undefined): T | undefined {
    return id === undefined ? undefined : this.#kept.get(id)
  }

  set(id: string, value: T): void {
    this.#kept.set(id, value)
    const oldest = this.#kept.keys().next()
    if (this.#kept.size > SHELF_MAX && !oldest.done) this.#kept.delete(oldest.value)
  }

  delete(id: string): boolean {
    return this.#kept.delete(id)
  }

  all(): readonly T[] {
    return [...this.#kept.values()]
  }
}

/** RFC 3339 in UTC at one second, as the account API writes it. */
export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
