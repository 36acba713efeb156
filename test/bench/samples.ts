import type { Sample } from './measure.ts'

/** The middle one; the mean of two in the middle. NaN of none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2
}

/** One sample of all requests of several: what happens seldom counts for what it is. */
export function together(samples: readonly Sample[]): Sample {
  const sum = (of: (each: Sample) => number) => samples.reduce((total, each) => total + of(each), 0)
  const middle = (of: (each: Sample) => number) => median(samples.map(of))
  const answers = sum((each) => each.answers)
  const isMeasured = samples.every(({ cpu }) => cpu !== null)
  return {
    perSecond: sum(({ perSecond }) => perSecond) / samples.length,
    cpu: isMeasured ? sum(({ cpu, answers: some }) => (cpu ?? 0) * some) / answers : null,
    p50: middle(({ p50 }) => p50),
    p99: middle(({ p99 }) => p99),
    p999: middle(({ p999 }) => p999),
    answers,
    failed: sum(({ failed }) => failed),
    loadedMb: Math.max(...samples.map(({ loadedMb }) => loadedMb)),
  }
}
