import type { CredentialMeter, ProxyTelemetry, RouteMeter } from '../kernel/ports/telemetry.ts'
import { type Durations, durationSeries } from './duration-histogram.ts'
import { CredentialCounts, RouteCounts, type Tally } from './proxy-counts.ts'
import { asItIs, type Sample, type ScrapedMetrics } from './scraped.ts'

/**
 * The data plane's figures. A request only adds to plain numbers; prom-client sees them when it is scraped. Labels are
 * names of the configuration and closed sets of words, all present from the start, so that a rate never misses its first.
 */
export class ProxyMeters implements ProxyTelemetry {
  readonly #routes = new Map<string, RouteCounts>()
  readonly #credentials = new Map<string, CredentialCounts>()

  constructor(scraped: ScrapedMetrics) {
    this.#registerRoutes(scraped)
    this.#registerCredentials(scraped)
  }

  /** The meter of a route's name; routes that share a name share it. */
  route(name: string): RouteMeter {
    return obtain(this.#routes, name, () => new RouteCounts())
  }

  credential(credentialId: string): CredentialMeter {
    return obtain(this.#credentials, credentialId, () => new CredentialCounts())
  }

  /** Forgets what a reload took out of the configuration. */
  retain(routes: ReadonlySet<string>, credentials: ReadonlySet<string>): void {
    for (const name of this.#routes.keys()) if (!routes.has(name)) this.#routes.delete(name)
    for (const id of this.#credentials.keys()) {
      if (!credentials.has(id)) this.#credentials.delete(id)
    }
  }

  #registerRoutes(scraped: ScrapedMetrics): void {
    const routes = this.#routes
    scraped.counter({
      name: 'sidekey_requests_total',
      help: 'Requests of apps by what became of them.',
      labelNames: ['route', 'outcome'],
      read: () => tallied(routes, (counts) => counts.requests),
    })
    scraped.counter({
      name: 'sidekey_replays_total',
      help: 'Requests that were sent again with another secret version, or why they were not.',
      labelNames: ['route', 'outcome'],
      read: () => tallied(routes, (counts) => counts.replays),
    })
    scraped.counter({
      name: 'sidekey_upstream_faults_total',
      help: 'Requests whose upstream gave no answer, by what was wrong with it.',
      labelNames: ['route', 'reason'],
      read: () => tallied(routes, (counts) => counts.faults),
    })
    scraped.gauge({
      name: 'sidekey_websockets_open',
      help: 'WebSockets that are open now; the handshakes are among the requests.',
      labelNames: ['route'],
      read: () => pick(routes, (counts) => counts.webSocketsOpen),
    })
    this.#registerDurations(
      scraped,
      'sidekey_request_duration_seconds',
      'From the head of a request to the end of its answer.',
      (counts) => counts.whole,
    )
    this.#registerDurations(
      scraped,
      'sidekey_upstream_duration_seconds',
      'From sending a request upstream to the head of the answer; a replay counts apart.',
      (counts) => counts.upstreamTime,
    )
  }

  #registerDurations(
    scraped: ScrapedMetrics,
    name: string,
    help: string,
    of: (counts: RouteCounts) => Durations,
  ): void {
    scraped.histogram({ name, help, read: () => durationSeries(name, pick(this.#routes, of)) })
  }

  #registerCredentials(scraped: ScrapedMetrics): void {
    const credentials = this.#credentials
    scraped.counter({
      name: 'sidekey_injections_total',
      help: 'Requests sent upstream by the stage of the secret version that they carried.',
      labelNames: ['credential', 'stage'],
      read: () => tallied(credentials, (counts) => counts.injections),
    })
    scraped.counter({
      name: 'sidekey_auth_failures_total',
      help: 'Answers by which an upstream refused a secret version.',
      labelNames: ['credential', 'stage'],
      read: () => tallied(credentials, (counts) => counts.authFailures),
    })
    scraped.counter({
      name: 'sidekey_fallbacks_total',
      help: 'Falls back to another secret version by what came of them.',
      labelNames: ['credential', 'outcome'],
      read: () => tallied(credentials, (counts) => counts.fallbacks),
    })
  }
}

function obtain<T>(among: Map<string, T>, name: string, create: () => T): T {
  const known = among.get(name)
  if (known !== undefined) return known
  const created = create()
  among.set(name, created)
  return created
}

function* pick<T, V>(among: ReadonlyMap<string, T>, of: (counts: T) => V): Generator<[string, V]> {
  for (const [name, counts] of asItIs(among)) yield [name, of(counts)]
}

function* tallied<T>(among: ReadonlyMap<string, T>, of: (counts: T) => Tally): Generator<Sample> {
  for (const [name, tally] of pick(among, of)) {
    for (const [word, count] of tally) yield [name, word, count]
  }
}
