import type { DemoFigures } from './figures.ts'

/** One line of the live table. */
export interface DemoTick {
  readonly second: number
  readonly seconds: number
  readonly requests: number
  readonly failed: number
  readonly replays: number
  readonly rotations: number
  readonly phase: string
  /** Stage and fingerprint of each live version, such as `current 3f9a…`. */
  readonly versions: readonly string[]
  /** Something worth a word, such as the revocation behind Sidekey's back. */
  readonly note: string
}

const HEAD = ' time  requests  failed  replays  rotations  phase     live secrets'

/** The head of the live table. */
export function tableHead(): string {
  return `${HEAD}\n${'─'.repeat(HEAD.length + 24)}`
}

/** A line of the live table, without a line end. */
export function tableLine(tick: DemoTick): string {
  const cells = [
    `${tick.second}s`.padStart(5),
    String(tick.requests).padStart(9),
    String(tick.failed).padStart(7),
    String(tick.replays).padStart(8),
    String(tick.rotations).padStart(10),
    ` ${tick.phase.padEnd(9)}`,
    tick.versions.join('  '),
  ]
  return `${cells.join(' ')}${tick.note === '' ? '' : `  ← ${tick.note}`}`
}

/** The closing figures for people. */
export function figuresText(figures: DemoFigures, problems: readonly string[]): string {
  const { directMs, throughMs, addedMs } = figures
  const rows: readonly (readonly [string, string])[] = [
    ['requests', `${figures.requests} in ${figures.seconds} s`],
    ['failed', String(figures.failed)],
    ['rotations', String(figures.rotations)],
    ['revoked behind its back', String(figures.revokedBehindItsBack)],
    ['replays', String(figures.replays)],
    ['secrets leaked', `${figures.leaks.length} (${figures.searched} places searched)`],
    ['direct', `p50 ${directMs.p50} ms, p99 ${directMs.p99} ms`],
    ['through Sidekey', `p50 ${throughMs.p50} ms, p99 ${throughMs.p99} ms`],
    ['added', `p50 ${addedMs.p50} ms, p99 ${addedMs.p99} ms`],
  ]
  const body = rows.map(([name, value]) => `  ${name.padEnd(24)}${value}`).join('\n')
  const end =
    problems.length === 0
      ? 'The app held a placeholder. No request failed, no secret leaked.'
      : `FAILED: ${problems.join('; ')}\n${figures.failures.map((f) => `  ${f}\n`).join('')}`
  return `\n${body}\n\n${end}\n`
}
