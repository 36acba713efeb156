import type { CredentialVersions, LiveVersion } from '../../kernel/credential.ts'
import { StoreUnavailableError } from '../../kernel/errors.ts'
import type { Clock, Stop } from '../../kernel/ports/clock.ts'
import type { Log } from '../../kernel/ports/log.ts'
import type { VersionSource } from '../../kernel/ports/version-source.ts'
import { SecretValue } from '../../kernel/secret-value.ts'

/** A changed value must be read twice, this far apart, before it is believed: some tools write files in pieces. */
const CONFIRM_MS = 100
/** Readings of a value that keeps changing, before the last good one is kept for now. */
const CONFIRMATIONS_MAX = 10

/** Reads a secret anew. What is missing, empty or unfit is an answer that says so, never an exception. */
export type SecretReader = () => Promise<SecretValue | { readonly message: string }>

export interface FileSourceDeps {
  readonly credentialId: string
  readonly publicValues: Readonly<Record<string, string>>
  readonly current: SecretReader
  /** Null where there is only one secret. */
  readonly previous: SecretReader | null
  /** Tells of changes to what is behind the readers; secrets of the environment do not change. */
  readonly watch: (changed: () => void) => Stop
  /** Keyed hash of a value: the same value keeps its version id, and with it its cooldown. */
  readonly fingerprint: (value: SecretValue) => string
  readonly clock: Clock
  readonly log: Log
}

type Slot = 'current' | 'previous'
type Reading = Readonly<Record<Slot, SecretValue | null>>

/**
 * A credential that somebody else rotates: one or two secrets, read from where they put them. A file that vanishes, is
 * empty or half-written changes nothing: the last good value stays, and the log says why.
 *
 * `load` rejects with `StoreUnavailableError` while the current secret has never been read.
 */
export function createFileSource(deps: FileSourceDeps): VersionSource {
  const { credentialId, watch } = deps
  const source = new FileSource(deps)
  return { credentialId, load: () => source.load(), watch }
}

class FileSource {
  readonly #deps: FileSourceDeps
  readonly #problems = new Map<Slot, string>()
  #good: Reading = { current: null, previous: null }
  #versions: readonly LiveVersion[] = []
  #lastGeneration = 0

  constructor(deps: FileSourceDeps) {
    this.#deps = deps
  }

  async load(): Promise<CredentialVersions> {
    const { credentialId, publicValues } = this.#deps
    const { current, previous } = await this.#readConfirmed()
    if (current === null) {
      const problem = this.#problems.get('current') ?? 'is missing'
      throw new StoreUnavailableError(`the current secret of ${credentialId}: ${problem}`)
    }
    this.#good = { current, previous }
    this.#versions = this.#name(current, previous)
    return { credentialId, publicValues, versions: this.#versions }
  }

  /** A reading that differs from the last good one is believed when the next one is the same. */
  async #readConfirmed(): Promise<Reading> {
    let reading = await this.#read()
    if (this.#good.current === null || sameReading(reading, this.#good)) return reading
    for (let tries = 0; tries < CONFIRMATIONS_MAX; tries++) {
      await this.#deps.clock.sleep(CONFIRM_MS)
      const again = await this.#read()
      if (sameReading(again, reading)) return reading
      reading = again
    }
    this.#deps.log.warn('secret keeps changing', { credential: this.#deps.credentialId })
    return this.#good
  }

  async #read(): Promise<Reading> {
    const { current, previous } = this.#deps
    return {
      current: await this.#readSlot('current', current),
      previous: previous === null ? null : await this.#readSlot('previous', previous),
    }
  }

  async #readSlot(slot: Slot, read: SecretReader): Promise<SecretValue | null> {
    const found = await read()
    const problem =
      found instanceof SecretValue ? (found.length === 0 ? 'is empty' : null) : found.message
    if (found instanceof SecretValue && problem === null) {
      this.#problems.delete(slot)
      return found
    }
    this.#report(slot, problem ?? 'is missing')
    return this.#good[slot]
  }

  /** Once for each problem, not at each look. */
  #report(slot: Slot, problem: string): void {
    if (this.#problems.get(slot) === problem) return
    this.#problems.set(slot, problem)
    this.#deps.log.warn('secret not read', {
      credential: this.#deps.credentialId,
      stage: slot,
      reason: problem,
      kept: this.#good[slot] !== null,
    })
  }

  /** Gives each value its version. Two equal values are one version: there is nothing to fall back to. */
  #name(current: SecretValue, previous: SecretValue | null): readonly LiveVersion[] {
    const first = this.#version('current', current)
    if (previous === null || previous.equals(current)) return [first]
    return [first, { ...this.#version('previous', previous), generation: first.generation - 1 }]
  }

  #version(stage: Slot, value: SecretValue): LiveVersion {
    const fingerprint = this.#deps.fingerprint(value)
    const versionId = `s-${fingerprint}`
    const isKnown = this.#versions[0]?.versionId === versionId
    // In steps of two: the number in between is the previous one's, whether it was ever current or not.
    if (stage === 'current' && !isKnown) this.#lastGeneration += 2
    return { versionId, generation: this.#lastGeneration, stage, value, fingerprint }
  }
}

function sameReading(a: Reading, b: Reading): boolean {
  return sameValue(a.current, b.current) && sameValue(a.previous, b.previous)
}

function sameValue(a: SecretValue | null, b: SecretValue | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}
