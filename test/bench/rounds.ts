import type { Contender } from './contender.ts'
import { load, type Running, type Sample, start } from './measure.ts'
import type { Options } from './options.ts'
import { PLACEHOLDER, SECRETS } from './requests.ts'
import type { Scenario } from './scenarios.ts'
import type { World } from './world.ts'

/** Name of the row that is no proxy: the load goes to the upstream. */
export const DIRECT = 'direct'
/** Just-in-time compilers need some time, and the code of a proxy is warm in production. */
const WARM_UP_SECONDS = 2

/** The samples of one contender in one scenario, one per round. */
export interface Series {
  readonly name: string
  readonly firstAnswerMs: number | null
  readonly idleMb: number | null
  readonly samples: readonly Sample[]
}

export interface Result {
  readonly scenario: Scenario
  readonly series: readonly Series[]
  /** What kept contenders from being measured. */
  readonly problems: readonly string[]
}

/** Runs one scenario: all contenders are up, and each round measures them one after the other, so that drift hits all. */
export async function runScenario(
  world: World,
  scenario: Scenario,
  contenders: readonly Contender[],
  options: Options,
): Promise<Result> {
  const { needs, tls, routes } = scenario
  const able = contenders.filter(({ abilities }) => needs === null || abilities.includes(needs))
  const lanes: Lane[] = []
  const problems: string[] = []
  try {
    if (needs !== 'replay') {
      // Without TLS, whatever the scenario: what TLS costs is added by the proxy that speaks it.
      const { upstream } = await world.setting(DIRECT, false, routes)
      lanes.push({ name: DIRECT, port: upstream.port, running: null, samples: [] })
    }
    for (const contender of able) {
      const setting = await world.setting(contender.name, tls, routes)
      const running = await start(contender, setting)
      if (typeof running === 'string') {
        problems.push(running)
        continue
      }
      lanes.push({ name: contender.name, port: setting.port, running, samples: [] })
    }
    for (const { port, running } of lanes) {
      if (running === null) continue
      await load(
        port,
        running.process,
        { ...scenario, rate: 0 },
        { ...options, seconds: WARM_UP_SECONDS },
      )
    }
    for (let round = 0; round < options.rounds; round++) {
      for (const { port, running, samples } of lanes) {
        samples.push(
          await load(port, running?.process ?? null, withSecret(scenario, running), options),
        )
      }
    }
  } finally {
    await Promise.all(lanes.flatMap(({ running }) => running?.process.stop() ?? []))
  }
  return {
    scenario,
    problems,
    series: lanes.map(({ name, running, samples }) => ({
      name,
      firstAnswerMs: running?.firstAnswerMs ?? null,
      idleMb: running?.idleMb ?? null,
      samples,
    })),
  }
}

interface Lane {
  readonly name: string
  readonly port: number
  readonly running: Running | null
  readonly samples: Sample[]
}

/** Nobody injects when nobody is between. */
function withSecret(scenario: Scenario, running: Running | null): Scenario {
  if (running !== null) return scenario
  return { ...scenario, request: scenario.request.replaceAll(PLACEHOLDER, SECRETS.current) }
}
