import { againstName, DIRECT, type Series } from './lanes.ts'
import type { Result } from './rounds.ts'
import { addedOf, medianOf, ratioOf, replayCost, seriesOf } from './summarise.ts'

/** What was promised of one figure, and what came out. */
export interface Verdict {
  readonly figure: string
  readonly unit: string
  readonly must: number
  readonly aim: number | null
  /** Null: not measured in this run. */
  readonly measured: number | null
}

/** What is no load's: null where this run has not measured it. */
export interface Footprint {
  readonly idleMb: number | null
  readonly firstAnswerMs: number | null
  /** By `large-bodies`. */
  readonly grownMib: number | null
}

/** What Sidekey promises, from what this run has measured. Figures are best when they are small. */
export function targets(results: readonly Result[], footprint: Footprint): readonly Verdict[] {
  const of = (id: string) => results.find(({ scenario }) => scenario.id === id)
  const own = (id: string) => seriesOf(of(id), 'sidekey')
  const against = (id: string, name: string) => ratioOf(own(id), seriesOf(of(id), name), 'cpu')
  const beside = (id: string) => {
    const label = of(id)?.scenario.against?.label
    return label === undefined ? null : against(id, againstName('sidekey', label))
  }
  return [
    cpu('GET 200 B, http upstream', 2.7, 1.8, against('get-200', 'nginx')),
    cpu('GET 200 B, TLS upstream', 2.8, 2, against('get-200-tls', 'nginx')),
    latency('http', of('rate-1000')),
    latency('TLS', of('rate-1000-tls')),
    figure(
      'worst row beside a JavaScript peer, CPU',
      '× the peer',
      1,
      0.5,
      worstBesidePeers(results),
    ),
    figure('memory, idle', 'MB', 80, 60, footprint.idleMb),
    figure('memory, 32 connections', 'MB', 130, 100, medianOf(own('get-200'), 'loadedMb')),
    figure('memory, 4 × 1 GiB each way', 'MiB more', 64, null, footprint.grownMib),
    figure('first proxied answer after the start', 'ms', 400, 250, footprint.firstAnswerMs),
    figure(
      'a request refused and replayed',
      '× a plain one',
      2.2,
      2.05,
      replayed(of('refused-50')),
    ),
    figure('1,000 routes and credentials, CPU', '× one', 1.1, null, beside('routes-1000')),
    figure('while an account rotates, CPU', '× else', 1.1, null, beside('rotating')),
  ]
}

function figure(
  name: string,
  unit: string,
  must: number,
  aim: number | null,
  measured: number | null,
): Verdict {
  return { figure: name, unit, must, aim, measured }
}

function cpu(name: string, must: number, aim: number, measured: number | null): Verdict {
  return figure(`CPU, ${name}`, '× nginx', must, aim, measured)
}

/** What is added at the 99th percentile: at most what Go's ReverseProxy adds, and one and a half of what HAProxy does. */
function latency(scheme: string, result: Result | undefined): Verdict {
  const added = (name: string) => {
    const series = seriesOf(result, name)
    return result === undefined || series === undefined ? null : addedOf(result, series, 'p99')
  }
  const [own, go, haproxy] = [added('sidekey'), added('go'), added('haproxy')]
  const share = (whole: number | null) => (own === null || whole === null ? null : own / whole)
  const aim = go === null || haproxy === null ? null : (1.5 * haproxy) / go
  return figure(`p99 added at 1,000 requests/s, ${scheme} upstream`, '× go', 1, aim, share(go))
}

const JAVASCRIPT = ['http-proxy', 'fast-proxy', 'fastify-http-proxy']

/** Of all rows: the one in which a peer comes closest. */
function worstBesidePeers(results: readonly Result[]): number | null {
  const ratios = results.flatMap((result) =>
    JAVASCRIPT.flatMap((name) => {
      const ratio = ratioOf(seriesOf(result, 'sidekey'), seriesOf(result, name), 'cpu')
      return ratio === null ? [] : [ratio]
    }),
  )
  return ratios.length === 0 ? null : Math.max(...ratios)
}

function replayed(result: Result | undefined): number | null {
  if (result === undefined) return null
  const { against, refuseEvery } = result.scenario
  const plain: Series | undefined = seriesOf(
    result,
    againstName('sidekey', against?.label ?? DIRECT),
  )
  return replayCost(ratioOf(seriesOf(result, 'sidekey'), plain, 'cpu'), 1 / refuseEvery)
}
