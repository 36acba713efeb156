import { isDeepStrictEqual } from 'node:util'
import type { LiveVersion } from '../kernel/credential.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Random } from '../kernel/ports/random.ts'
import type { OAuth2Spec, TokenSource } from '../kernel/ports/token-source.ts'
import type { Route } from '../kernel/route.ts'
import type { VersionSource } from '../kernel/ports/version-source.ts'
import type { SecretValue } from '../kernel/secret-value.ts'
import type { Connections } from '../calls/connections.ts'
import { TokenCache } from '../tokens/token-cache.ts'
import type { CredentialUnit } from './credential-unit.ts'
import { type EchoingSource, echoingSource } from './echoing-source.ts'

export interface TokenCachesDeps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly connections: Connections
  /** Told of every token that lives, so that none is ever printed. */
  readonly keepSecret: (owner: string, secrets: readonly SecretValue[]) => void
}

/** The tokens of a configuration, ready for its routes. */
export interface PreparedTokens {
  /** @throws Error where no route of the configuration asks for such tokens */
  readonly of: (credentialId: string, spec: OAuth2Spec) => TokenSource
  /** What requests use of a credential: its own source, or one that tells of its tokens too. */
  readonly sourceOf: (unit: CredentialUnit) => VersionSource
}

/** What token endpoints say, by credential. */
export interface TokenEvents {
  /** A secret is wrong. */
  refused(credentialId: string, version: LiveVersion): void
  /** Any answer, by its kind. */
  answered(credentialId: string, kind: string): void
}

interface Entry {
  readonly unit: CredentialUnit
  readonly spec: OAuth2Spec
  readonly cache: TokenCache
}

/**
 * The tokens of a configuration. A reload keeps those whose credential and whose way to ask have not changed, so that no
 * request waits for one.
 */
export class TokenCaches {
  readonly #deps: TokenCachesDeps
  readonly #events: TokenEvents
  readonly #echoing = new WeakMap<CredentialUnit, EchoingSource>()
  #live: readonly Entry[] = []
  #next: readonly Entry[] = []
  #made = 0

  constructor(deps: TokenCachesDeps, events: TokenEvents) {
    this.#deps = deps
    this.#events = events
  }

  /** Makes what new routes need; the tokens are asked for, and not waited for. */
  async prepare(
    routes: readonly Route[],
    units: ReadonlyMap<string, CredentialUnit>,
  ): Promise<PreparedTokens> {
    const next: Entry[] = []
    for (const { unit, spec } of wantedBy(routes, units)) {
      const same = (entry: Entry) => entry.unit === unit && isDeepStrictEqual(entry.spec, spec)
      if (next.some(same)) continue
      next.push(this.#live.find(same) ?? this.#make(unit, spec))
    }
    this.#next = next
    await Promise.all(this.#fresh.map(({ cache }) => cache.start()))
    return {
      of: (credentialId, spec) => {
        const found = next.find(
          (entry) => entry.unit.config.id === credentialId && isDeepStrictEqual(entry.spec, spec),
        )
        if (found === undefined) throw new Error(`no tokens of credential ${credentialId}`)
        return found.cache
      },
      sourceOf: (unit) => this.#echoing.get(unit)?.source ?? unit.source,
    }
  }

  /** The prepared configuration is in use: lets go of what it does not need. */
  async commit(): Promise<void> {
    const gone = this.#live.filter((entry) => !this.#next.includes(entry))
    this.#live = this.#next
    await stopAll(gone)
  }

  /** It is not: lets go of what only it would have needed. */
  async discard(): Promise<void> {
    const fresh = this.#fresh
    this.#next = this.#live
    await stopAll(fresh)
  }

  async stop(): Promise<void> {
    this.#next = []
    await this.commit()
  }

  get #fresh(): readonly Entry[] {
    return this.#next.filter((entry) => !this.#live.includes(entry))
  }

  #make(unit: CredentialUnit, spec: OAuth2Spec): Entry {
    const { id, publicValues } = unit.config
    const owner = `${id} tokens ${++this.#made}`
    const echoing = this.#echoing.get(unit) ?? echoingSource(unit.source)
    this.#echoing.set(unit, echoing)
    const cache = new TokenCache({
      ...this.#deps,
      source: unit.source,
      spec,
      clientId: fill(spec.clientId, publicValues),
      refused: (version) => this.#events.refused(id, version),
      answered: (kind) => this.#events.answered(id, kind),
      keep: (tokens) => {
        this.#deps.keepSecret(owner, tokens)
        echoing.echo(owner, tokens)
      },
    })
    return { unit, spec, cache }
  }
}

interface Wanted {
  readonly unit: CredentialUnit
  readonly spec: OAuth2Spec
}

function wantedBy(
  routes: readonly Route[],
  units: ReadonlyMap<string, CredentialUnit>,
): readonly Wanted[] {
  return routes.flatMap(({ credentialIds, endpoints }) => {
    const specs = endpoints
      .flatMap(({ inject }) => inject)
      .flatMap((injection) => (injection.kind === 'token' ? [injection.oauth2] : []))
    return credentialIds.flatMap((id) => {
      const unit = units.get(id)
      return unit === undefined ? [] : specs.map((spec) => ({ unit, spec }))
    })
  })
}

async function stopAll(entries: readonly Entry[]): Promise<void> {
  await Promise.all(entries.map(({ cache }) => cache.stop()))
}

function fill(template: string, words: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, word: string) => words[word] ?? whole)
}
