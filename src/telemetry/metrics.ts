import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Clock } from '../kernel/ports/clock.ts'
import type { SourceTelemetry } from '../kernel/ports/source-telemetry.ts'
import type { ProxyTelemetry, RotationTelemetry } from '../kernel/ports/telemetry.ts'
import { ProxyMeters } from './proxy-meters.ts'
import { RotationMeters } from './rotation-meters.ts'
import { SourceMeters } from './source-meters.ts'
import type { MetricsReport } from './worker-metrics.ts'

export interface Metrics {
  readonly proxy: ProxyTelemetry
  readonly rotation: RotationTelemetry
  readonly sources: SourceTelemetry
  /** Tells whether the last attempt to load the configuration succeeded. It counts as one at the start. */
  reload(ok: boolean): void
  /** After a reload: drops the series of routes and credentials that the configuration no longer names. */
  retain(named: { readonly routes: Iterable<string>; readonly credentials: Iterable<string> }): void
  /** Everything in Prometheus' text format 0.0.4. */
  text(): Promise<string>
  readonly contentType: string
  /** The same as objects, for another process. */
  report(): Promise<MetricsReport>
}

/** `promtool check metrics` refuses them: gauges whose names end like those of counters. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/** The metrics of a process, in a registry of their own. `version` is that of Sidekey. */
export function createMetrics(deps: { readonly clock: Clock; readonly version: string }): Metrics {
  const registry = new Registry()
  const proxy = new ProxyMeters(registry)
  const rotation = new RotationMeters(registry)
  const sources = new SourceMeters(registry)
  const reload = registerReload(registry, deps.clock)
  registerBuildInfo(registry, deps.version)
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
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
    text: () => registry.metrics(),
    contentType: registry.contentType,
    report: () => registry.getMetricsAsJSON(),
  }
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
