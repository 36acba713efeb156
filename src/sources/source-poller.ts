import type { Clock, Stop } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Random } from '../kernel/ports/random.ts'
import type { SourceTelemetry } from '../kernel/ports/source-telemetry.ts'
import type { RemoteSource } from '../kernel/secret-source.ts'
import { SecretValue } from '../kernel/secret-value.ts'
import { openFetchers } from './open-fetchers.ts'
import {
  type Fetched,
  type FetcherDeps,
  type SecretFetcher,
  SourceFault,
} from './secret-fetcher.ts'
import { waitForLook } from './wait-for-look.ts'

/** How long a first reader waits for the first look, in milliseconds; what is slower is looked at in the background. */
const FIRST_LOOK_WAIT_MS = 5_000

export interface PolledSource {
  /** Its key in the configuration. */
  readonly name: string
  readonly source: RemoteSource
  /** It may be missing, as a second secret between two rotations. */
  readonly optional: boolean
}

export interface PollerDeps extends FetcherDeps {
  readonly credentialId: string
  /** Looked at together, in this order, so that they fit each other: `current` before `previous`. */
  readonly sources: readonly PolledSource[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly telemetry: SourceTelemetry
  /** How sources are opened; a test puts its own here. */
  readonly open?: typeof openFetchers
}

const NOT_YET = new SourceFault('unavailable', 'no answer yet')
const STOPPED = new SourceFault('unavailable', 'is not looked at any more')

/**
 * The secrets of one credential that servers hold. It starts with the first reader, looks again and again in the
 * background, and remembers the last good values, in memory only: nobody ever waits for a server again.
 */
export class SourcePoller {
  readonly #deps: PollerDeps
  readonly #known = new Map<string, Fetched>()
  readonly #problems = new Map<string, string>()
  readonly #watchers = new Set<() => void>()
  readonly #stopping = new AbortController()
  #running: Promise<void> | null = null
  readonly #firstLook = Promise.withResolvers<void>()

  constructor(deps: PollerDeps) {
    this.#deps = deps
  }

  /** The last good value, else what was wrong last. Only before the first look it waits, at most 5 s. */
  async read(name: string): Promise<Fetched> {
    if (!this.#stopping.signal.aborted) this.#start()
    if (!this.#known.has(name)) await this.#firstLookOrPatience()
    return this.#known.get(name) ?? (this.#stopping.signal.aborted ? STOPPED : NOT_YET)
  }

  /** Tells of values that have changed, once for all that a look found. */
  watch(changed: () => void): Stop {
    this.#watchers.add(changed)
    return () => this.#watchers.delete(changed)
  }

  /** Ends the look under way, too. What was read stays known. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopped'))
    await this.#running
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => this.#firstLook.resolve())
  }

  async #run(): Promise<void> {
    const { sources, clock, random, open = openFetchers } = this.#deps
    const { signal } = this.#stopping
    const opened = open(
      sources.map(({ source }) => source),
      this.#deps,
    )
    const refreshMs = Math.min(...sources.map(({ source }) => source.refreshMs))
    let failures = 0
    while (!signal.aborted) {
      const faults = await this.#look(opened.fetchers)
      this.#firstLook.resolve()
      failures = faults.some(isTrouble) ? failures + 1 : 0
      const asked = faults.map((fault) => fault.retryAfterMs ?? 0)
      const retryAfterMs = Math.max(0, ...asked)
      const waitMs = waitForLook({ failures, retryAfterMs, refreshMs }, random)
      await clock.sleep(waitMs, signal).catch(() => undefined)
    }
    await opened.close()
  }

  /** Reads every source once, and believes what was found only when all were asked. */
  async #look(fetchers: readonly SecretFetcher[]): Promise<readonly SourceFault[]> {
    const { signal } = this.#stopping
    const away = new Map<string, SourceFault>()
    const looked: (readonly [PolledSource, Fetched])[] = []
    for (const [index, one] of this.#deps.sources.entries()) {
      const fetcher = fetchers[index]
      if (fetcher === undefined) continue
      const found = away.get(fetcher.server) ?? (await fetched(fetcher, signal))
      // What does not answer one does not answer the other either, and each would wait for it.
      if (found instanceof SourceFault && isTrouble(found)) away.set(fetcher.server, found)
      looked.push([one, found])
    }
    if (signal.aborted) return []
    const changes = looked.map(([one, found]) => this.#accept(one, found))
    if (changes.includes(true)) for (const changed of this.#watchers) changed()
    return looked.flatMap(([, found]) => (found instanceof SourceFault ? [found] : []))
  }

  /** Whether requests may use something else now. */
  #accept({ name, optional }: PolledSource, found: Fetched): boolean {
    const { telemetry, credentialId, clock, log } = this.#deps
    const before = this.#known.get(name)
    const fault = found instanceof SourceFault ? found : null
    telemetry.read(credentialId, name, fault?.reason ?? 'read')
    if (fault === null || (optional && fault.reason === 'absent')) {
      telemetry.fresh(credentialId, name, clock.now())
    }
    if (found instanceof SecretValue) {
      if (this.#problems.delete(name)) {
        log.info('secret source answers', { credential: credentialId, source: name })
      }
      this.#known.set(name, found)
      return !(before instanceof SecretValue && before.equals(found))
    }
    this.#report(name, found, before instanceof SecretValue)
    if (!(before instanceof SecretValue)) this.#known.set(name, found)
    return false
  }

  /** Once for each problem, not at each look. */
  #report(name: string, { reason, message }: SourceFault, kept: boolean): void {
    if (this.#problems.get(name) === message) return
    this.#problems.set(name, message)
    const { log, credentialId } = this.#deps
    log.warn('secret source not read', {
      credential: credentialId,
      source: name,
      outcome: reason,
      reason: message,
      kept,
    })
  }

  async #firstLookOrPatience(): Promise<void> {
    const patience = new AbortController()
    const impatient = this.#deps.clock.sleep(FIRST_LOOK_WAIT_MS, patience.signal)
    await Promise.race([this.#firstLook.promise, impatient.catch(() => undefined)])
    patience.abort()
  }
}

/** The server is there and answers by its rules: nothing but a change on its side helps, and it is asked as usual. */
function isTrouble({ reason }: SourceFault): boolean {
  return reason !== 'absent' && reason !== 'invalid'
}

/** A defect of one fetcher must end neither the looks nor the process. */
async function fetched(fetcher: SecretFetcher, signal: AbortSignal): Promise<Fetched> {
  try {
    return await fetcher.fetch(signal)
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error
    return new SourceFault('unavailable', `an unexpected ${name}`)
  }
}
