import { type CredentialRecord, assertCredential } from '../kernel/credential.ts'
import { AssertionError, ConfigError, StoreConflictError } from '../kernel/errors.ts'
import type { Stored } from '../kernel/ports/store.ts'
import { block } from './blocked.ts'
import { bootstrapRecord } from './bootstrap-record.ts'
import type { RotatorDeps } from './context.ts'

/**
 * Loads and saves the record of one credential, and notices when somebody else replaced it by
 * something older.
 */
export class RecordKeeper {
  readonly #deps: RotatorDeps
  /** What was read or written last and was sound. */
  #known: Stored | null = null

  constructor(deps: RotatorDeps) {
    this.#deps = deps
  }

  /** The last sound record; null before the first load. */
  get known(): CredentialRecord | null {
    return this.#known?.record ?? null
  }

  /**
   * Reads the record, and makes it where there is none. A record that was replaced by something
   * older comes back blocked.
   * @throws StoreUnavailableError, StoreUnreadableError, AssertionError
   * @throws ConfigError nothing is stored, and the configuration has no secret that can be read
   */
  async load(): Promise<Stored> {
    const first = await this.#read()
    // A command may have saved while this read was under way: then the answer is old, not the record.
    const stored = first !== null && this.#isReplaced(first) ? await this.#read() : first
    if (stored === null) return this.#known === null ? this.#bootstrap() : this.#putBack()
    if (stored.record.blocked?.reason === 'record-foreign-write') return stored
    if (this.#isReplaced(stored)) return blockedAsForeign(stored)
    this.#known = stored
    return stored
  }

  async #read(): Promise<Stored | null> {
    const { store, credentialId, account } = this.#deps
    const stored = await store.read(credentialId)
    if (stored === null) return null
    assertCredential(stored.record)
    if (stored.record.account === account) return stored
    throw new AssertionError('the record belongs to another account')
  }

  /** Whether this process knows something newer than what is stored. */
  #isReplaced(stored: Stored): boolean {
    return this.#known !== null && isOlder(stored, this.#known)
  }

  /**
   * Writes the record in place of what was loaded.
   * @throws StoreConflictError, StoreUnavailableError, AssertionError
   */
  async save(
    stored: Stored,
    next: CredentialRecord,
    fence: number,
    nowMs: number,
  ): Promise<Stored> {
    const { store, credentialId, crashPoint, instance } = this.#deps
    const moved = next.phase !== stored.record.phase
    const record: CredentialRecord = {
      ...next,
      phaseSinceMs: moved ? nowMs : next.phaseSinceMs,
      lastWriter: { instance, fence, atMs: nowMs },
    }
    assertCredential(record)
    crashPoint(`save:${record.phase}:before`)
    const version = await store.compareAndSwap(credentialId, stored.version, record)
    crashPoint(`save:${record.phase}:after`)
    const saved = { record, version }
    if (record.blocked?.reason !== 'record-foreign-write') this.#known = saved
    return saved
  }

  async #bootstrap(): Promise<Stored> {
    const { credentialId, bootstrapSecret, clock } = this.#deps
    const value = bootstrapSecret === null ? null : await bootstrapSecret()
    const found = bootstrapSecret === null && mayFound(this.#deps)
    if (value === null && !found) throw noSecret(credentialId)
    const record = bootstrapRecord(this.#deps, value, clock.now())
    assertCredential(record)
    return this.#first(record)
  }

  /** The record is gone, but this process still knows it: its values must not be lost. */
  #putBack(): Promise<Stored> {
    const { known } = this
    if (known === null) return this.#bootstrap()
    return this.#first(withForeignWrite(known, this.#deps.clock.now()))
  }

  async #first(record: CredentialRecord): Promise<Stored> {
    const { store, credentialId, crashPoint } = this.#deps
    try {
      crashPoint(`save:${record.phase}:before`)
      const version = await store.compareAndSwap(credentialId, null, record)
      crashPoint(`save:${record.phase}:after`)
      return { record, version }
    } catch (error) {
      if (!(error instanceof StoreConflictError)) throw error
      // Another replica was first: what it wrote holds.
      const stored = await store.read(credentialId)
      if (stored === null) throw error
      return stored
    }
  }
}

/** Restored from a backup, or overwritten by a tool that knows only an old state. */
function isOlder(stored: Stored, known: Stored): boolean {
  const { record } = stored
  if (stored.version < known.version) return true
  if (record.lastGeneration < known.record.lastGeneration) return true
  const sameGeneration = record.current.generation === known.record.current.generation
  return sameGeneration && record.current.fingerprint !== known.record.current.fingerprint
}

function blockedAsForeign({ record, version }: Stored): Stored {
  return { record: withForeignWrite(record, record.phaseSinceMs), version }
}

function withForeignWrite(record: CredentialRecord, sinceMs: number): CredentialRecord {
  const step = block('record-foreign-write')
  return { ...record, blocked: { reason: step.reason, sinceMs, detail: step.detail } }
}

/** The first secret needs another account's credential, and a value that is saved before it is sent. */
function mayFound({ managedBy, provider: { traits } }: RotatorDeps): boolean {
  return managedBy !== null && traits.model === 'list' && traits.valueSource !== 'server'
}

function noSecret(credentialId: string): ConfigError {
  return new ConfigError([
    {
      path: `credentials.${credentialId}.secret`,
      line: null,
      message: 'nothing is stored yet, and there is no secret to begin with',
      remedy: 'give the secret that the account has now, as a file or in the environment',
    },
  ])
}
