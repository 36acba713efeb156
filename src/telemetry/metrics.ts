import { Gauge, Registry } from 'prom-client'
import type { Clock } from '../kernel/ports/clock.ts'
import type { SourceTelemetry } from '../kernel/ports/source-telemetry.ts'
import type { ProxyTelemetry, RotationTelemetry } from '../kernel/ports/telemetry.ts'
import { inPieces, type MetricPiece, type MetricReader } from './metric-piece.ts'
import { registerProcessMetrics } from './process-metrics.ts'
import { ProxyMeters } from './proxy-meters.ts'
import { RotationMeters } from './rotation-meters.ts'
import { ScrapedMetrics } from './scraped.ts'
import { SourceMeters } from './source-meters.ts'

export interface Metrics {
  readonly proxy: ProxyTelemetry
  readonly rotation: RotationTelemetry
  readonly sources: SourceTelemetry
  /** Tells whether the last attempt to load the configuration succeeded. It counts as one at the start. */
  reload(ok: boolean): void
  /** After a reload: drops the series of routes and credentials that the configuration no longer names. */
  retain(named: { readonly routes: Iterable<string>; readonly credentials: Iterable<string> }): void
  /** Everything, as it is read; see `inPieces`. */
  pieces(): AsyncIterable<MetricPiece>
}

/** The metrics of a process. `version` is that of Sidekey. */
export function createMetrics(deps: { readonly clock: Clock; readonly version: string }): Metrics {
  const registry = new Registry()
  const scraped = new ScrapedMetrics()
  const proxy = new ProxyMeters(scraped)
  const rotation = new RotationMeters(scraped)
  const sources = new SourceMeters(scraped)
  const reload = registerReload(registry, deps.clock)
  registerBuildInfo(registry, deps.version)
  registerProcessMetrics(registry, deps.clock)
  return {
    proxy,
    rotation,
    sources,
    reload,
    retain({ routes, credentials }) {
      const kept = new Set(credentials)
      proxy.retain(new Set(routes), kept)
      rotation.retain(kept)
      sources.retain(kept)
    },
    async *pieces() {
      yield* inPieces(scraped, await readRegistry(registry))
    },
  }
}

/** The few metrics that prom-client keeps: those of the process, and of Sidekey as a whole. */
async function readRegistry(registry: Registry): Promise<readonly MetricReader[]> {
  // `type` is a word at run time and an enum to the compiler.
  return (await registry.getMetricsAsJSON()) as unknown as readonly MetricReader[]
}

function registerReload(registry: Registry, clock: Clock): (ok: boolean) => void {
  const successful = new Gauge({
    name: 'sidekey_config_last_reload_successful',
    help: '1 when the last attempt to load the configuration succeeded, 0 when the one before it stays in force.',
    registers: [registry],
  })
  const succeededAt = new Gauge({
    name: 'sidekey_config_last_reload_success_timestamp_seconds',
    help: 'When the configuration in force was loaded.',
    registers: [registry],
  })
  const reload = (ok: boolean) => {
    successful.set(ok ? 1 : 0)
    if (ok) succeededAt.set(clock.now() / 1000)
  }
  reload(true)
  return reload
}

function registerBuildInfo(registry: Registry, version: string): void {
  const info = new Gauge({
    name: 'sidekey_build_info',
    help: '1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers: [registry],
  })
  info.set({ version, node: process.versions.node }, 1)
}
