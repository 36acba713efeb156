import type { LiveVersion } from '../kernel/credential.ts'
import type { Stop } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Random } from '../kernel/ports/random.ts'
import type { HeldToken, OAuth2Spec, TokenSource } from '../kernel/ports/token-source.ts'
import type { VersionSource } from '../kernel/ports/version-source.ts'
import type { SecretValue } from '../kernel/secret-value.ts'
import { RestClient, type RestClientOptions } from '../providers/rest/rest-client.ts'
import { readTokenAnswer, tokenCall, type TokenAnswer } from './request-token.ts'
import { TokenLane } from './token-lane.ts'

export interface TokenCacheDeps extends RestClientOptions {
  readonly random: Random
  readonly log: Log
  /** The credential's secrets, whoever rotates them. */
  readonly source: VersionSource
  readonly spec: OAuth2Spec
  /** What the specification's template of it says for this credential. */
  readonly clientId: string
  /** The token endpoint refused a secret: the rotation should look. */
  readonly refused: (version: LiveVersion) => void
  /** Told of every answer of the endpoint, by its kind. */
  readonly answered: (kind: TokenAnswer['kind']) => void
  /** Told of every token that lives, so that none is ever printed. */
  readonly keep: (tokens: readonly SecretValue[]) => void
}

/**
 * Keeps a token for each live secret version of a credential. A token is asked for when a version appears and replaced
 * before it expires; while the endpoint is slow or dead, requests go on with what there is.
 */
export class TokenCache implements TokenSource {
  readonly #deps: TokenCacheDeps
  readonly #client: RestClient
  readonly #lanes = new Map<string, TokenLane>()
  readonly #stopping = new AbortController()
  #stopWatch: Stop | null = null

  constructor(deps: TokenCacheDeps) {
    this.#deps = deps
    this.#client = new RestClient(deps)
  }

  /** Reads the versions, and asks for their tokens without waiting for them. */
  async start(): Promise<void> {
    this.#stopWatch ??= this.#deps.source.watch(() => void this.#look())
    await this.#look()
  }

  async stop(): Promise<void> {
    this.#stopWatch?.()
    this.#stopping.abort()
    // Their tokens stay: requests in flight may still ask for them.
    for (const lane of this.#lanes.values()) lane.stop()
    this.#deps.keep([])
  }

  tokenOf(version: LiveVersion): HeldToken | null {
    return this.#lanes.get(version.versionId)?.token ?? null
  }

  async ready(versions: readonly LiveVersion[]): Promise<number | null> {
    const lanes = versions.map((version) => this.#laneOf(version))
    if (lanes.some((lane) => lane.token !== null)) return null
    const obtained = lanes.map(async (lane) => (await lane.obtain()) || Promise.reject(NO_TOKEN))
    const isReady = await Promise.any(obtained).catch(() => false)
    return isReady ? null : Math.min(...lanes.map((lane) => lane.pauseMs))
  }

  async renew(refused: HeldToken): Promise<boolean> {
    return (await this.#lanes.get(refused.version.versionId)?.renew(refused)) ?? false
  }

  async #look(): Promise<void> {
    const found = await this.#deps.source.load().catch(() => null)
    // Whoever keeps the credential says why it can't be read.
    if (found === null || this.#stopping.signal.aborted) return
    const live = new Set(found.versions.map(({ versionId }) => versionId))
    for (const [versionId, lane] of this.#lanes) {
      if (live.has(versionId)) continue
      lane.stop()
      this.#lanes.delete(versionId)
    }
    for (const version of found.versions) void this.#laneOf(version).obtain()
    this.#deps.keep(this.#all())
  }

  /** Those before them too: they may still be on their way somewhere. */
  #all(): readonly SecretValue[] {
    return [...this.#lanes.values()].flatMap((lane) => lane.all.map(({ value }) => value))
  }

  #laneOf(version: LiveVersion): TokenLane {
    const known = this.#lanes.get(version.versionId)
    if (known !== undefined) {
      known.version = version
      return known
    }
    const lane = new TokenLane(version, {
      ...this.#deps,
      credentialId: this.#deps.source.credentialId,
      request: (asking) => this.#request(asking),
      refused: (refused) => {
        this.#deps.refused(refused)
        // It may be one that is gone.
        void this.#look()
      },
      changed: () => this.#deps.keep(this.#all()),
    })
    if (this.#stopping.signal.aborted) lane.stop()
    else this.#lanes.set(version.versionId, lane)
    return lane
  }

  async #request(version: LiveVersion): Promise<TokenAnswer> {
    const { spec, clientId, clock } = this.#deps
    const call = tokenCall(spec, clientId, version.value)
    const answer = await this.#client.send(call, this.#stopping.signal)
    const read = readTokenAnswer(answer, spec, clock.now())
    // The end of this cache is no answer.
    if (!this.#stopping.signal.aborted) this.#deps.answered(read.kind)
    return read
  }
}

const NO_TOKEN = new Error('no token')
