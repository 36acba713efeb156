import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Gauge, type Registry } from 'prom-client'
import type { Clock } from '../kernel/ports/clock.ts'

const NAME = 'nodejs_eventloop_lag'

const FIGURES: readonly (readonly [word: string, help: string, of: Read])[] = [
  ['min', 'The shortest', ({ min }) => min],
  ['max', 'The longest', ({ max }) => max],
  ['mean', 'The mean', ({ mean }) => mean],
  ['stddev', 'The standard deviation', ({ stddev }) => stddev],
  ['p50', 'The 50th percentile', (turns) => turns.percentile(50)],
  ['p90', 'The 90th percentile', (turns) => turns.percentile(90)],
  ['p99', 'The 99th percentile', (turns) => turns.percentile(99)],
]

type Read = (turns: ReturnType<typeof monitorEventLoopDelay>) => number

/**
 * How long turns of the event loop take, since the last scrape: for so long nobody else was served. Under the names of
 * prom-client, which measures by a timer that wakes an idle process a hundred times a second, for most of a hundredth of a
 * core, and can tell no turn shorter than that. A Node older than 24 falls back to such a timer.
 */
export function registerEventLoopLag(registry: Registry, clock: Clock): void {
  const turns = monitorEventLoopDelay({ samplePerIteration: true })
  turns.enable()
  const registers = [registry]
  // prom-client reads in the order of registration: the first one sets them all.
  const now = new Gauge({
    name: `${NAME}_seconds`,
    help: 'Time from the last scrape to the next turn of the event loop.',
    registers,
    collect() {
      const atMs = clock.monotonic()
      setImmediate(() => now.set((clock.monotonic() - atMs) / 1e3))
      // Nothing is known before the first turn has ended.
      for (const { gauge, of } of gauges) gauge.set(turns.count === 0 ? 0 : of(turns) / 1e9)
      turns.reset()
    },
  })
  const gauges = FIGURES.map(([word, help, of]) => ({
    gauge: new Gauge({
      name: `${NAME}_${word}_seconds`,
      help: `${help} of the turns of the event loop since the last scrape.`,
      registers,
    }),
    of,
  }))
}
