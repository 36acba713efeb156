import type { SidekeyConfig } from '../config/types.ts'
import type { NamedSeries } from '../telemetry/worker-metrics.ts'

/** What a configuration names; the metrics of anything else are forgotten. */
export function namedBy({ routes, credentials }: SidekeyConfig): NamedSeries {
  return {
    // Requests that no route has taken are counted under `none`.
    routes: new Set([...routes.map(({ name }) => name), 'none']),
    credentials: new Set(credentials.map(({ id }) => id)),
  }
}
