import type { SourceFailure, SourceTelemetry } from '../kernel/ports/source-telemetry.ts'
import { asItIs, type Sample, type ScrapedMetrics } from './scraped.ts'

type Outcome = 'read' | SourceFailure

interface Looks {
  readonly outcomes: Map<Outcome, number>
  /** Null before the first success. */
  freshAtMs: number | null
}

/** How fresh the secrets are that servers hold. */
export class SourceMeters implements SourceTelemetry {
  /** By credential, then by the source's key in the configuration. */
  readonly #credentials = new Map<string, Map<string, Looks>>()

  constructor(scraped: ScrapedMetrics) {
    scraped.gauge({
      name: 'sidekey_secret_source_last_success_timestamp_seconds',
      help: 'When a secret was last read from the server that holds it; absent before the first time.',
      labelNames: ['credential', 'source'],
      read: () => this.#read(({ freshAtMs }) => (freshAtMs === null ? [] : [[freshAtMs / 1000]])),
    })
    scraped.counter({
      name: 'sidekey_secret_source_reads_total',
      help: 'Looks at servers that hold secrets, by what became of them.',
      labelNames: ['credential', 'source', 'outcome'],
      read: () => this.#read(({ outcomes }) => [...outcomes]),
    })
  }

  read(credentialId: string, source: string, outcome: Outcome): void {
    const { outcomes } = this.#looks(credentialId, source)
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }

  fresh(credentialId: string, source: string, atMs: number): void {
    this.#looks(credentialId, source).freshAtMs = atMs
  }

  /** Forgets what a reload took out of the configuration, so that no alert fires for it for ever. */
  retain(credentials: ReadonlySet<string>): void {
    for (const id of this.#credentials.keys()) {
      if (!credentials.has(id)) this.#credentials.delete(id)
    }
  }

  #looks(credentialId: string, source: string): Looks {
    const sources = this.#credentials.get(credentialId) ?? new Map<string, Looks>()
    this.#credentials.set(credentialId, sources)
    const looks = sources.get(source) ?? { outcomes: new Map(), freshAtMs: null }
    sources.set(source, looks)
    return looks
  }

  *#read(samples: (looks: Looks) => readonly Sample[]): Generator<Sample> {
    for (const [id, sources] of asItIs(this.#credentials)) {
      for (const [source, looks] of sources) {
        for (const sample of samples(looks)) yield [id, source, ...sample]
      }
    }
  }
}
