import { spawn } from 'node:child_process'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender, Setting } from './contender.ts'
import { Process } from './processes.ts'
import { PLACEHOLDER, routePrefix } from './requests.ts'
import type { Scenario } from './scenarios.ts'
import { LOAD } from './world.ts'

/** A contender takes at most this long to its first answer. */
const START_MAX_MS = 20_000
/** What it allocated to start is given back, or not, within this time. */
const SETTLE_MS = 1_000
const SAMPLE_MS = 100

/** What the start of a contender was like. */
export interface Start {
  /** From the start of the process to its first proxied answer. */
  readonly firstAnswerMs: number
  readonly idleMb: number
}

/** A contender that answers. */
export interface Running extends Start {
  readonly process: Process
  readonly port: number
}

/** What one measurement gave. Times in microseconds; `p…` are latencies. */
export interface Sample {
  readonly perSecond: number
  /** CPU of the proxy per request; null when there is no proxy. */
  readonly cpu: number | null
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly answers: number
  /** Answers other than 2xx, and connections that broke. */
  readonly failed: number
  /** The highest seen. */
  readonly loadedMb: number
}

/** Starts a contender and waits for its first proxied answer. What keeps it from answering is told as text. */
export async function start(contender: Contender, setting: Setting): Promise<Running | string> {
  const launch = contender.launch(setting)
  const startedAt = performance.now()
  const process = new Process(launch, 'proxy')
  while (!(await answers(setting.port))) {
    if (process.ended || performance.now() - startedAt > START_MAX_MS) {
      await process.stop()
      return `${contender.name} does not answer: ${process.output.trim()}`
    }
    await sleep(1)
  }
  const firstAnswerMs = performance.now() - startedAt
  await sleep(SETTLE_MS)
  return { process, port: setting.port, firstAnswerMs, idleMb: process.residentMb() }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const path = `${routePrefix(0)}/200`
    const headers = { 'x-api-key': PLACEHOLDER }
    request({ host: '127.0.0.1', port, path, headers, agent: false, timeout: 2_000 })
      .on('response', (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode === 200))
        response.on('error', () => resolve(false))
      })
      .on('timeout', function (this: { destroy(): void }) {
        this.destroy()
      })
      .on('error', () => resolve(false))
      .end()
  })
}

/** Puts a scenario's load on a port, for a while. */
export async function load(
  port: number,
  proxy: Process | null,
  scenario: Scenario,
  { seconds, connections }: { readonly seconds: number; readonly connections: number },
): Promise<Sample> {
  const { rate, refuseEvery, routes } = scenario
  const numbers = [
    port,
    scenario.connections ?? connections,
    seconds,
    rate,
    refuseEvery,
    routes,
  ].map(String)
  let loadedMb = 0
  const sampler = setInterval(() => {
    loadedMb = Math.max(loadedMb, proxy?.residentMb() ?? 0)
  }, SAMPLE_MS)
  const before = proxy?.cpuSeconds() ?? 0
  const generator = spawn(LOAD, numbers, { stdio: ['pipe', 'pipe', 'inherit'] })
  generator.stdin.end(scenario.request)
  try {
    const printed = JSON.parse(await text(generator.stdout)) as Printed
    const { p50, p99, p999, failed } = printed
    const cpuSeconds = (proxy?.cpuSeconds() ?? 0) - before
    return {
      perSecond: printed.answers / printed.seconds,
      cpu: proxy === null ? null : (cpuSeconds / printed.answers) * 1e6,
      p50,
      p99,
      p999,
      answers: printed.answers,
      failed,
      loadedMb,
    }
  } catch (error) {
    throw new Error(`the load on ${scenario.id} ended early: ${proxy?.output}`, { cause: error })
  } finally {
    clearInterval(sampler)
  }
}

/** What the load generator prints. */
interface Printed {
  readonly seconds: number
  readonly answers: number
  readonly failed: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
}
