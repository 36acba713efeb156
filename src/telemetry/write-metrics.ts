import { Gauge, type Metric, Registry } from 'prom-client'
import type { MetricPiece } from './metric-piece.ts'

/** In characters: pieces shorter than this are sent together. */
const CHUNK_LENGTH = 16 * 1024

/** Writes metrics in Prometheus' text format 0.0.4. */
export async function* writeMetrics(pieces: AsyncIterable<MetricPiece>): AsyncGenerator<string> {
  let text = ''
  let before = ''
  for await (const piece of pieces) {
    text += await writePiece(piece, piece.name !== before)
    before = piece.name
    if (text.length < CHUNK_LENGTH) continue
    yield text
    text = ''
  }
  yield text
}

async function writePiece(piece: MetricPiece, isFirst: boolean): Promise<string> {
  const registry = new Registry()
  registry.registerMetric(new FinishedMetric(piece))
  const text = await registry.metrics()
  // Two lines tell what it is; pieces that follow belong to the same.
  return isFirst ? text : text.slice(text.indexOf('\n', text.indexOf('\n') + 1) + 1)
}

/** What prom-client only has to write down. */
class FinishedMetric extends Gauge {
  readonly #piece: MetricPiece

  constructor(piece: MetricPiece) {
    super({ name: piece.name, help: piece.help, registers: [] })
    this.#piece = piece
  }

  /** Called by the registry. `type` is a word at run time and an enum to the compiler. */
  override get(): ReturnType<Metric['get']> {
    return Promise.resolve(this.#piece) as unknown as ReturnType<Metric['get']>
  }
}
