import { setImmediate as nextTurn } from 'node:timers/promises'

/** In series. So many are read and written in a turn of the event loop, in about two milliseconds; then requests have theirs. */
const PIECE_SERIES = 500

/** A number with its labels. */
export interface MetricSeries {
  /** Of a histogram's series, which have names of their own. */
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

interface MetricHead {
  readonly name: string
  readonly help: string
  readonly type: string
}

/** Where a metric's series are read, one after the other. */
export interface MetricReader extends MetricHead {
  readonly values: Iterable<MetricSeries>
}

/** A metric, or some of its series; it crosses a channel between processes as it is. */
export interface MetricPiece extends MetricHead {
  readonly values: readonly MetricSeries[]
}

/**
 * Reads metrics a piece at a time: thousands of routes have a hundred thousand series, which would take as many
 * milliseconds and megabytes at once. The pieces of a metric follow each other, the last one may be empty.
 */
export async function* inPieces(
  ...sources: readonly Iterable<MetricReader>[]
): AsyncGenerator<MetricPiece> {
  let room = PIECE_SERIES
  for (const { values, ...head } of all(sources)) {
    let piece: MetricSeries[] = []
    for (const series of values) {
      piece.push(series)
      if (--room > 0) continue
      yield { ...head, values: piece }
      await nextTurn()
      piece = []
      room = PIECE_SERIES
    }
    yield { ...head, values: piece }
  }
}

function* all<Item>(sources: readonly Iterable<Item>[]): Generator<Item> {
  for (const source of sources) yield* source
}

/** The whole metrics of which these are the pieces. */
export function joinPieces(pieces: Iterable<MetricPiece>): readonly MetricPiece[] {
  const whole = new Map<string, MetricPiece & { readonly values: MetricSeries[] }>()
  for (const piece of pieces) {
    const known = whole.get(piece.name)
    if (known === undefined) whole.set(piece.name, { ...piece, values: [...piece.values] })
    else for (const series of piece.values) known.values.push(series)
  }
  return [...whole.values()]
}
