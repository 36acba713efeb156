import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender } from './contender.ts'
import { LARGE_BODIES, type LargeBodies, measureLargeBodies } from './large-bodies.ts'
import { readOptions, USAGE } from './options.ts'
import { compare, record } from './recorded.ts'
import { renderReport } from './report.ts'
import { type Result, runScenario } from './rounds.ts'
import { SCENARIOS } from './scenarios.ts'
import { openWorld } from './world.ts'
import { writeDocs } from './write-docs.ts'

// `npm run bench`: Sidekey beside other proxies. Setup → contenders → scenarios → rounds → report.

const options = readOptions(process.argv.slice(2))
if (options === null) console.log(USAGE)
else process.exitCode = (await main(options)) ? 0 : 1

async function main(asked: NonNullable<typeof options>): Promise<boolean> {
  const contenders = await findContenders(asked.only)
  const described = contenders.map((contender) => ({
    contender,
    description: contender.describe(),
  }))
  const present = described.filter(({ description }) => description !== null)
  const isOwn = present.some(({ contender: { name } }) => name === 'sidekey')
  const known = isOwn ? [...SCENARIOS, LARGE_BODIES] : SCENARIOS
  const scenarios = choose('scenario', known, ({ id }) => id, asked.scenarios)

  const world = await openWorld()
  const results: Result[] = []
  let largeBodies: LargeBodies | null = null
  try {
    for (const scenario of scenarios) {
      console.error(`${scenario.id}: ${scenario.title}`)
      if (!('rate' in scenario)) {
        largeBodies = await measureLargeBodies()
        continue
      }
      results.push(
        await runScenario(
          world,
          scenario,
          present.map(({ contender }) => contender),
          asked,
        ),
      )
    }
  } finally {
    await world.close()
  }

  const report = {
    results,
    largeBodies,
    contenders: present.map(
      ({ contender, description }) => [contender.name, description ?? ''] as const,
    ),
    missing: described
      .filter(({ description }) => description === null)
      .map((d) => d.contender.name),
  }
  const tables = renderReport(report)
  console.log(asked.json ? JSON.stringify(report, null, 2) : tables)
  if (asked.write) console.error(`written: ${writeDocs(tables, asked)}`)
  if (asked.record) record(results)
  if (!asked.short) return true
  const { ok, lines } = compare(results)
  for (const line of lines) console.error(line)
  return ok
}

/** Every file of `contenders/` is one. */
async function findContenders(only: readonly string[]): Promise<readonly Contender[]> {
  const folder = join(import.meta.dirname, 'contenders')
  const modules = await Promise.all(
    readdirSync(folder).map(
      (file) => import(join(folder, file)) as Promise<{ contender: Contender }>,
    ),
  )
  const all = modules.map(({ contender }) => contender)
  // Sidekey first, then what it is compared with.
  const rank = ({ name }: Contender) =>
    ['sidekey', 'nginx', 'haproxy', 'go', 'caddy'].indexOf(name) + 1 || 9
  return choose(
    'contender',
    all.toSorted((a, b) => rank(a) - rank(b)),
    ({ name }) => name,
    only,
  )
}

function choose<T>(
  kind: string,
  all: readonly T[],
  nameOf: (one: T) => string,
  names: readonly string[],
) {
  const unknown = names.find((name) => !all.some((one) => nameOf(one) === name))
  if (unknown !== undefined) {
    throw new Error(`there is no ${kind} ${unknown}; there are ${all.map(nameOf).join(', ')}`)
  }
  return names.length === 0 ? all : all.filter((one) => names.includes(nameOf(one)))
}
