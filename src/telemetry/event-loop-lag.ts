import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Gauge, type Registry } from 'prom-client'
import type { Clock } from '../kernel/ports/clock.ts'

const NAME = 'nodejs_eventloop_lag'

/** Milliseconds. Each tick wakes an idle process: at prom-client's 10 they take most of a hundredth of a core. */
const TICK_MS = 100

type Read = (ticks: ReturnType<typeof monitorEventLoopDelay>) => number

const FIGURES: readonly (readonly [word: string, help: string, of: Read])[] = [
  ['min', 'The least', ({ min }) => late(min)],
  ['max', 'The greatest', ({ max }) => late(max)],
  ['mean', 'The mean', ({ mean }) => late(mean)],
  ['stddev', 'The standard deviation of the', ({ stddev }) => stddev / 1e9],
  ['p50', 'The 50th percentile of the', (ticks) => late(ticks.percentile(50))],
  ['p90', 'The 90th percentile of the', (ticks) => late(ticks.percentile(90))],
  ['p99', 'The 99th percentile of the', (ticks) => late(ticks.percentile(99))],
]

/** How much longer than it should a tick took, in seconds. */
function late(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - TICK_MS / 1e3)
}

/**
 * How late the event loop was, looked at ten times a second, since the last scrape: 0 when all is well. Under the names of
 * prom-client, which tells the whole distance of its ticks, 10 ms when all is well.
 * Node's samples per turn of the loop are no way: they leave out what callbacks of sockets take, which is all of proxying.
 */
export function registerEventLoopLag(registry: Registry, clock: Clock): void {
  const ticks = monitorEventLoopDelay({ resolution: TICK_MS })
  ticks.enable()
  const registers = [registry]
  // prom-client reads in the order of registration: the first one sets them all.
  const now = new Gauge({
    name: `${NAME}_seconds`,
    help: 'From the last scrape to the next turn of the event loop.',
    registers,
    collect() {
      const atMs = clock.monotonic()
      setImmediate(() => now.set((clock.monotonic() - atMs) / 1e3))
      for (const { gauge, of } of gauges) gauge.set(ticks.count === 0 ? 0 : of(ticks))
      ticks.reset()
    },
  })
  const gauges = FIGURES.map(([word, help, of]) => ({
    gauge: new Gauge({
      name: `${NAME}_${word}_seconds`,
      help: `${help} lateness of the event loop since the last scrape.`,
      registers,
    }),
    of,
  }))
}
