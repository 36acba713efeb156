import type { AdminDeps } from './admin-deps.ts'

export type HealthDeps = Pick<AdminDeps, 'live' | 'started' | 'readiness' | 'metrics'>

/** What a probe or a scraper gets. */
export interface HealthAnswer {
  readonly status: 200 | 503
  readonly contentType: string
  readonly text: string | AsyncIterable<string>
}

/** Of every answer of the admin port. */
export const ANSWER_FIELDS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** What probes and scrapers ask for, all day long. */
export const HEALTH_PATHS = ['/livez', '/startupz', '/readyz', '/metrics'] as const

export type HealthPath = (typeof HEALTH_PATHS)[number]

/**
 * Answers a probe or a scraper.
 * @param verbose lists the reasons, as Kubernetes' own probes do
 */
export async function answerHealth(
  deps: HealthDeps,
  path: HealthPath,
  verbose: boolean,
): Promise<HealthAnswer> {
  switch (path) {
    case '/livez':
      return verdict(deps.live(), 'alive', [])
    case '/startupz':
      return verdict(deps.started(), 'started', [])
    case '/readyz': {
      const { ready, reasons } = deps.readiness()
      return verdict(ready, 'ready', verbose ? reasons : [])
    }
    case '/metrics':
      return { status: 200, contentType: METRICS_TYPE, text: await deps.metrics() }
  }
}

function verdict(ok: boolean, word: string, reasons: readonly string[]): HealthAnswer {
  const lines = reasons.map((reason) => `[-] ${reason}\n`).join('')
  const text = `${lines}${ok ? '' : 'not '}${word}\n`
  return { status: ok ? 200 : 503, contentType: 'text/plain; charset=UTF-8', text }
}
