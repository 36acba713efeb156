import type { Sample } from './measure.ts'
import { DIRECT, type Series } from './lanes.ts'
import type { Result } from './rounds.ts'
import { median } from './samples.ts'

/** A number of each sample. */
export type Figure = 'perSecond' | 'cpu' | 'p50' | 'p99' | 'p999' | 'loadedMb'

/** Median of a figure over the rounds; null when it was not measured. */
export function medianOf(series: Series | undefined, figure: Figure): number | null {
  const numbers = figures(series, figure)
  return numbers.length === 0 ? null : median(numbers)
}

/** Median of the ratios of each round: what slows the machine for a while slows both. */
export function ratioOf(
  series: Series | undefined,
  other: Series | undefined,
  figure: Figure,
): number | null {
  const ratios = ratiosOf(series, other, figure)
  return ratios.length === 0 ? null : median(ratios)
}

/**
 * Between what that median lies with 95 % of certainty, as the noise of the rounds has it; null of so few rounds that
 * nothing can be said.
 */
export function ratioBounds(
  series: Series | undefined,
  other: Series | undefined,
  figure: Figure,
): readonly [lowest: number, highest: number] | null {
  const sorted = ratiosOf(series, other, figure).toSorted((a, b) => a - b)
  // Half of all rounds are below the true one: how many of these are, is a matter of tossed coins.
  const below = Math.floor((sorted.length - 1 - 1.96 * Math.sqrt(sorted.length)) / 2)
  const [lowest, highest] = [sorted[below], sorted[sorted.length - 1 - below]]
  return below < 0 || lowest === undefined || highest === undefined ? null : [lowest, highest]
}

/** Latency that a proxy adds to that of the upstream alone, in microseconds; the median of the rounds' differences. */
export function addedOf(result: Result, series: Series, figure: 'p50' | 'p99' | 'p999') {
  const direct = figures(seriesOf(result, DIRECT), figure)
  const added = figures(series, figure).flatMap((value, round) => {
    const base = direct[round]
    return base === undefined ? [] : [value - base]
  })
  return added.length === 0 ? null : median(added)
}

/** Half the distance from the lowest to the highest round, as a share of the median: how noisy the machine was. */
export function spreadOf(series: Series, figure: Figure): number | null {
  const numbers = figures(series, figure)
  if (numbers.length === 0) return null
  return (Math.max(...numbers) - Math.min(...numbers)) / 2 / median(numbers)
}

/** Answers that were no success, of all rounds. */
export function failedOf({ samples }: Series): number {
  return samples.reduce((sum, { failed }) => sum + failed, 0)
}

export function seriesOf(result: Result | undefined, name: string): Series | undefined {
  return result?.series.find((series) => series.name === name)
}

/**
 * What a refused and replayed request costs, in plain ones: a share of the requests was refused, and what the mixture
 * costs above plain ones belongs to that share.
 */
export function replayCost(mixtureRatio: number | null, refusedShare: number): number | null {
  return mixtureRatio === null ? null : 1 + (mixtureRatio - 1) / refusedShare
}

function ratiosOf(
  series: Series | undefined,
  other: Series | undefined,
  figure: Figure,
): readonly number[] {
  const [above, below] = [figures(series, figure), figures(other, figure)]
  return above.flatMap((value, round) => {
    const base = below[round]
    return base === undefined || base === 0 ? [] : [value / base]
  })
}

function figures(series: Series | undefined, figure: Figure): readonly number[] {
  return (series?.samples ?? []).flatMap((sample: Sample) => {
    const value = sample[figure]
    return value === null ? [] : [value]
  })
}
