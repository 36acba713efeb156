import type {
  CredentialMeter,
  ProxyTelemetry,
  RouteMeter,
} from '../../src/kernel/ports/telemetry.ts'

/** Counts what the data plane measures, as `kind label word`. */
export class RecordingTelemetry implements ProxyTelemetry {
  readonly counts = new Map<string, number>()

  count(key: string): number {
    return this.counts.get(key) ?? 0
  }

  route(name: string): RouteMeter {
    return {
      finished: (outcome) => this.#add(`request ${name} ${outcome}`),
      upstream: () => this.#add(`upstream ${name}`),
      replay: (outcome) => this.#add(`replay ${name} ${outcome}`),
      upstreamFault: (reason) => this.#add(`fault ${name} ${reason}`),
      webSocket: (change) => this.#add(`webSocket ${name} ${change}`),
    }
  }

  credential(id: string): CredentialMeter {
    return {
      injected: (stage) => this.#add(`injected ${id} ${stage}`),
      authFailure: (stage) => this.#add(`authFailure ${id} ${stage}`),
      fallback: (outcome) => this.#add(`fallback ${id} ${outcome}`),
    }
  }

  #add(key: string): void {
    this.counts.set(key, this.count(key) + 1)
  }
}
