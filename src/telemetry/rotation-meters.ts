import { PHASES } from '../kernel/credential.ts'
import type {
  ProviderOperation,
  RotationState,
  RotationTelemetry,
} from '../kernel/ports/telemetry.ts'
import { asItIs, type Sample, type ScrapedMetrics } from './scraped.ts'

type RotationResult = Parameters<RotationTelemetry['rotation']>[1]

interface ProviderCalls {
  readonly operation: ProviderOperation
  readonly outcome: string
  count: number
}

/**
 * The control plane's figures. Each credential's last state is kept as it was told and read at scrape time, so a phase or a
 * stage that has passed is gone from the next scrape without bookkeeping.
 */
export class RotationMeters implements RotationTelemetry {
  readonly #states = new Map<string, RotationState>()
  readonly #rotations = new Map<string, Record<RotationResult, number>>()
  readonly #calls = new Map<string, Map<string, ProviderCalls>>()

  constructor(scraped: ScrapedMetrics) {
    this.#registerCounters(scraped)
    this.#registerState(scraped)
    this.#registerTimes(scraped)
  }

  state(state: RotationState): void {
    this.#states.set(state.credentialId, state)
    if (!this.#rotations.has(state.credentialId)) this.#rotations.set(state.credentialId, none())
  }

  rotation(credentialId: string, result: RotationResult): void {
    const results = this.#rotations.get(credentialId) ?? none()
    results[result]++
    this.#rotations.set(credentialId, results)
  }

  providerCall(credentialId: string, operation: ProviderOperation, outcome: string): void {
    const calls = this.#calls.get(credentialId) ?? new Map<string, ProviderCalls>()
    this.#calls.set(credentialId, calls)
    const key = `${operation} ${outcome}`
    const known = calls.get(key)
    if (known === undefined) calls.set(key, { operation, outcome, count: 1 })
    else known.count++
  }

  /** Forgets what a reload took out of the configuration, so that no alert fires for it for ever. */
  retain(credentials: ReadonlySet<string>): void {
    for (const kept of [this.#states, this.#rotations, this.#calls]) {
      for (const id of kept.keys()) if (!credentials.has(id)) kept.delete(id)
    }
  }

  #registerCounters(scraped: ScrapedMetrics): void {
    scraped.counter({
      name: 'sidekey_rotations_total',
      help: 'Rotations that ended, by how they ended.',
      labelNames: ['credential', 'result'],
      read: () => this.#readRotations(),
    })
    scraped.counter({
      name: 'sidekey_provider_calls_total',
      help: 'Calls to the API of the provider that manages the secrets.',
      labelNames: ['credential', 'operation', 'outcome'],
      read: () => this.#readCalls(),
    })
  }

  #registerState(scraped: ScrapedMetrics): void {
    scraped.gauge({
      name: 'sidekey_rotation_phase',
      help: '1 for the phase in which the rotation of a credential is, 0 for the others.',
      labelNames: ['credential', 'phase'],
      read: () => this.#each((s) => PHASES.map((phase) => [phase, s.phase === phase ? 1 : 0])),
    })
    scraped.gauge({
      name: 'sidekey_rotation_blocked',
      help: '1 while a rotation changes nothing at the provider until an operator acts.',
      labelNames: ['credential'],
      read: () => this.#each((s) => [[s.blocked ? 1 : 0]]),
    })
    scraped.gauge({
      name: 'sidekey_rotation_reason',
      help: '1 for the reason for which a rotation waits or is blocked; absent while nothing holds it up.',
      labelNames: ['credential', 'reason'],
      read: () => this.#each((s) => (s.reason === null ? [] : [[s.reason, 1]])),
    })
  }

  #registerTimes(scraped: ScrapedMetrics): void {
    scraped.gauge({
      name: 'sidekey_rotation_last_success_timestamp_seconds',
      help: 'When the last rotation succeeded; absent before the first.',
      labelNames: ['credential'],
      read: () => this.#each((s) => instant(s.lastRotationAtMs)),
    })
    scraped.gauge({
      name: 'sidekey_rotation_next_timestamp_seconds',
      help: 'When the next rotation is due; absent while none is planned.',
      labelNames: ['credential'],
      read: () => this.#each((s) => instant(s.nextRotationAtMs)),
    })
    scraped.gauge({
      name: 'sidekey_secret_version_created_timestamp_seconds',
      help: 'When the live secret version of a stage was made or first seen.',
      labelNames: ['credential', 'stage'],
      read: () => this.#each((s) => s.versions.map((v) => [v.stage, v.createdAtMs / 1000])),
    })
  }

  *#each(samples: (state: RotationState) => readonly Sample[]): Generator<Sample> {
    for (const state of asItIs(this.#states.values())) {
      for (const sample of samples(state)) yield [state.credentialId, ...sample]
    }
  }

  *#readRotations(): Generator<Sample> {
    for (const [id, results] of asItIs(this.#rotations)) {
      for (const [result, count] of Object.entries(results)) yield [id, result, count]
    }
  }

  *#readCalls(): Generator<Sample> {
    for (const [id, calls] of asItIs(this.#calls)) {
      for (const { operation, outcome, count } of calls.values()) {
        yield [id, operation, outcome, count]
      }
    }
  }
}

function none(): Record<RotationResult, number> {
  return { succeeded: 0, aborted: 0, demoted: 0, blocked: 0 }
}

function instant(atMs: number | null): readonly Sample[] {
  return atMs === null ? [] : [[atMs / 1000]]
}
