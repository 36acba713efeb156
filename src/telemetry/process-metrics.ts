import type { Registry } from 'prom-client'
import heapSizeAndUsed from 'prom-client/lib/metrics/heapSizeAndUsed.js'
import heapSpacesSizeAndUsed from 'prom-client/lib/metrics/heapSpacesSizeAndUsed.js'
import osMemoryHeap from 'prom-client/lib/metrics/osMemoryHeap.js'
import processCpuTotal from 'prom-client/lib/metrics/processCpuTotal.js'
import processHandles from 'prom-client/lib/metrics/processHandles.js'
import processMaxFileDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js'
import processOpenFileDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js'
import processRequests from 'prom-client/lib/metrics/processRequests.js'
import processResources from 'prom-client/lib/metrics/processResources.js'
import processStartTime from 'prom-client/lib/metrics/processStartTime.js'
import version from 'prom-client/lib/metrics/version.js'
import type { Clock } from '../kernel/ports/clock.ts'
import { registerEventLoopLag } from './event-loop-lag.ts'

/** `promtool check metrics` refuses them: gauges whose names end like those of counters. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/**
 * What prom-client tells of every Node process, but for the durations of garbage collections: Node makes a dozen objects to
 * report one of them, which outlive the next, so that full collections come twice as often (docs/adr/0008). What they cost
 * requests is in the lag of the event loop.
 */
export function registerProcessMetrics(registry: Registry, clock: Clock): void {
  const metrics = [
    processCpuTotal,
    processStartTime,
    osMemoryHeap,
    processOpenFileDescriptors,
    processMaxFileDescriptors,
    processResources,
    processHandles,
    processRequests,
    heapSizeAndUsed,
    heapSpacesSizeAndUsed,
    version,
  ]
  for (const register of metrics) register(registry)
  registerEventLoopLag(registry, clock)
  for (const name of MISNAMED) registry.removeSingleMetric(name)
}
