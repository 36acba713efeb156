import type { Refusal } from '../config/refusal.ts'
import { acceptSecret, type Environment, readSecretSource } from '../config/secret-source.ts'
import type { CredentialConfig } from '../config/types.ts'
import { StoreUnavailableError } from '../kernel/errors.ts'
import type { Clock, Stop } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Random } from '../kernel/ports/random.ts'
import type { SourceTelemetry } from '../kernel/ports/source-telemetry.ts'
import { isLocal, type LocalSource, type SecretSource } from '../kernel/secret-source.ts'
import { SecretValue } from '../kernel/secret-value.ts'
import { SourceFault } from '../sources/secret-fetcher.ts'
import { type PolledSource, SourcePoller } from '../sources/source-poller.ts'

export interface SecretsDeps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly env: Environment
  readonly sourceTelemetry: SourceTelemetry
  /** Told of every value that becomes known, so that none is ever printed. */
  readonly keepSecret: (owner: string, secrets: readonly SecretValue[]) => void
}

const NO_POLLERS: ReadonlyMap<string, SourcePoller> = new Map()

/** The server that holds the first secret of a credential does not give it now. */
export class SecretAwayError extends StoreUnavailableError {}

/**
 * The secrets that the configuration names for one credential, wherever they are: files and variables are read at each
 * call, servers are looked at in the background, from the first call on.
 */
export class CredentialSecrets {
  readonly #config: CredentialConfig
  readonly #deps: SecretsDeps
  /** Of the keys that servers hold: of none in most configurations. */
  readonly #pollers: ReadonlyMap<string, SourcePoller>

  constructor(config: CredentialConfig, deps: SecretsDeps) {
    this.#config = config
    this.#deps = deps
    const { others = {} } = config.sources
    const polled = [['current', 'previous'], ...Object.keys(others).map((key) => [key])]
    const pollers = polled.flatMap((keys) => this.#poll(keys))
    this.#pollers = pollers.length === 0 ? NO_POLLERS : new Map(pollers)
  }

  /** The files to watch among `current` and `previous`. */
  get watchPaths(): readonly string[] {
    return ['current', 'previous'].flatMap((key) => {
      const source = this.#sourceOf(key)
      return source?.kind === 'file' ? [source.path] : []
    })
  }

  /**
   * Reads `current`, `previous` or one of the provider's own keys; null where the configuration names none. A server
   * that is away does not delay it, but for the first time, and then for at most 5 s.
   */
  async read(key: string): Promise<SecretValue | Refusal | SourceFault | null> {
    const source = this.#sourceOf(key)
    if (source === null) return null
    const isOwn = key === 'current' || key === 'previous'
    const rules = { fitsHeader: isOwn ? this.#config.fitsHeader : true }
    const found = await this.#read(key, source, rules)
    if (found instanceof SecretValue) this.#keep(key, [found])
    return found
  }

  /** @throws SecretAwayError a server holds it, and does not give it now */
  async readFirst(): Promise<SecretValue | null> {
    const found = await this.read('current')
    // From now on the record holds it, and nobody has to look any more.
    if (found instanceof SecretValue) await this.#pollers.get('current')?.stop()
    if (found instanceof SecretValue || found === null) return found
    const { id } = this.#config
    this.#deps.log.warn('secret not read', { credential: id, reason: found.message })
    if (found instanceof SourceFault) {
      throw new SecretAwayError(`the first secret of ${id}: ${found.message}`)
    }
    return null
  }

  /** Tells of changes on servers to `current` and `previous`. */
  watch(changed: () => void): Stop {
    const poller = this.#pollers.get('current') ?? this.#pollers.get('previous')
    return poller?.watch(changed) ?? (() => undefined)
  }

  /** Ends the looks in the background. */
  async close(): Promise<void> {
    await Promise.all([...new Set(this.#pollers.values())].map((poller) => poller.stop()))
  }

  async #read(
    key: string,
    source: SecretSource,
    rules: { readonly fitsHeader: boolean },
  ): Promise<SecretValue | Refusal | SourceFault> {
    if (isLocal(source)) return readSecretSource(source, this.#deps.env, rules)
    const found = await this.#pollers.get(key)?.read(key)
    if (found === undefined) throw new Error(`${key} of ${this.#config.id} is not polled`)
    return found instanceof SecretValue ? acceptSecret(found, rules) : found
  }

  #sourceOf(key: string): SecretSource | null {
    const { current, previous, others } = this.#config.sources
    if (key === 'current') return current
    return key === 'previous' ? previous : (others?.[key] ?? null)
  }

  /** One poller for those of the keys that servers hold. */
  #poll(keys: readonly string[]): readonly (readonly [string, SourcePoller])[] {
    const sources = keys.flatMap((name): PolledSource[] => {
      const source = this.#sourceOf(name)
      if (source === null || isLocal(source)) return []
      return [{ name, source, optional: name === 'previous' }]
    })
    if (sources.length === 0) return []
    const poller = new SourcePoller({
      ...this.#deps,
      telemetry: this.#deps.sourceTelemetry,
      credentialId: this.#config.id,
      sources,
      readLocal: (source: LocalSource) => readSecretSource(source, this.#deps.env),
      keepSecret: (what, secrets) => this.#keep(`${keys.join()} ${what}`, secrets),
    })
    return sources.map(({ name }) => [name, poller] as const)
  }

  #keep(what: string, secrets: readonly SecretValue[]): void {
    this.#deps.keepSecret(`${this.#config.id} ${what}`, secrets)
  }
}
