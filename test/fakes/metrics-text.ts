import type { MetricPiece } from '../../src/telemetry/metric-piece.ts'
import { writeMetrics } from '../../src/telemetry/write-metrics.ts'

/** What a scrape of these metrics shows. */
export async function textOf(pieces: AsyncIterable<MetricPiece>): Promise<string> {
  return (await Array.fromAsync(writeMetrics(pieces))).join('')
}
