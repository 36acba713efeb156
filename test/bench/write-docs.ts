import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Options } from './options.ts'
import { pinned } from './processes.ts'
import { PAIR_ROUNDS_MIN } from './rounds.ts'
import { ROOT } from './versions.ts'

/** Writes docs/benchmarks.md: the machine, how it was measured, and the tables. */
export function writeDocs(tables: string, options: Options): string {
  const file = join(ROOT, 'docs/benchmarks.md')
  writeFileSync(file, `${preface(options)}\n\n${tables}\n`)
  return file
}

function preface({ rounds, seconds, connections }: Options): string {
  const processors = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  const revision = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  const placed = pinned
    ? 'The proxy has one core for itself; the load generator and the upstream share another.'
    : 'There is one core only, which proxy, load and upstream share: requests/s and latencies mean little.'
  return `# Benchmarks

Written by \`npm run bench -- --write\` on ${new Date().toISOString().slice(0, 10)}, revision ${revision.trim()}. Install the others with
\`bash test/bench/setup\`; add a proxy of your own in one file of \`test/bench/contenders\`.

Machine: ${processors[0]?.model.trim() ?? 'unknown'}, ${processors.length} cores, ${memory} GiB; Linux ${release()}; Node ${process.version}. ${placed}

Every proxy injects one header into requests to an upstream on the same machine, over ${connections} keep-alive connections. Sidekey
runs as in production: injection, detection of refusals, replay buffer, metrics, logs at info, and the image's flags and variables. All contenders are
up at once and are measured in turn, ${rounds} times for ${seconds} s (open loops eight times as often, for 2.5 s at least); figures are medians. What is compared with itself gets new
processes for every round, of which there are ${Math.max(rounds, PAIR_ROUNDS_MIN)}, and twelve slices of a sixth of that time, which are one sample. CPU is the proxy's own user and system time,
and the steadiest figure; "×" columns compare it within each round. "Added" latencies are those of an open loop (1,000 requests/s
with random gaps, times taken from when a request was due) less those of the upstream without a proxy. "± %" is half the range of the rounds.`
}
