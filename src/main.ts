#!/usr/bin/env node
import { arm } from './cli/crash-point.ts'
import { EXIT_CONFIG, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './cli/exit-codes.ts'
import { formatIssue } from './cli/format-issue.ts'
import { asksForHelp, helpOf, helpOfAll } from './cli/help.ts'
import type { OperatorIo } from './cli/operator-io.ts'
import type { Serving } from './cli/serve.ts'
import { UsageError } from './cli/usage-error.ts'
import type { SidekeyConfig } from './config/types.ts'
import { ConfigError, SidekeyError } from './kernel/errors.ts'
import type { RotationCommand } from './kernel/ports/rotation-control.ts'
import { shortenBufferPool } from './platform/buffer-pool.ts'
import { CryptoRandom } from './platform/crypto-random.ts'
import { SystemClock } from './platform/system-clock.ts'
import { keepTickShape } from './platform/tick-shape.ts'
import { VERSION } from './version.ts'

const { stdout, stderr, env } = process
const clock = new SystemClock()
const random = new CryptoRandom()
const lines = {
  out: (line: string) => void stdout.write(`${line}\n`),
  err: (line: string) => void stderr.write(`${line}\n`),
}

/** Each command loads its own code only: a health probe must not pay for the proxy. */
const COMMANDS: Readonly<Record<string, (argv: readonly string[]) => Promise<number>>> = {
  serve: runServe,
  emulator: runEmulator,
  async demo(argv) {
    const { runDemo } = await import('./cli/demo/run-demo.ts')
    const self = { command: process.execPath, arguments: [import.meta.filename] }
    return runDemo(argv, { stdout, stderr }, { clock, random, self })
  },
  async check(argv) {
    const [{ runCheck }, { catalog }, { silentLog }, { readRecordedSecret }] = await Promise.all([
      import('./cli/check.ts'),
      import('./catalog.ts'),
      import('./cli/silent-log.ts'),
      import('./cli/recorded-secret.ts'),
    ])
    const deps = { clock, random, log: silentLog, env }
    const recordedSecret = (config: SidekeyConfig, id: string) =>
      readRecordedSecret(config, id, deps)
    return runCheck(argv, lines, { ...deps, catalog, recordedSecret })
  },
  async schema() {
    const [{ runSchema }, { catalog }] = await Promise.all([
      import('./cli/schema.ts'),
      import('./catalog.ts'),
    ])
    return runSchema(lines, catalog)
  },
  async env(argv) {
    const [{ runEnv }, { catalog }] = await Promise.all([
      import('./cli/environment.ts'),
      import('./catalog.ts'),
    ])
    return runEnv(argv, lines, { catalog, env })
  },
  async run(argv) {
    const [{ runWithEnvironment }, { catalog }] = await Promise.all([
      import('./cli/environment.ts'),
      import('./catalog.ts'),
    ])
    return runWithEnvironment(argv, lines, { catalog, env, signals: process })
  },
  async ca(argv) {
    const [{ runCa }, { catalog }, { silentLog: log }] = await Promise.all([
      import('./cli/authority.ts'),
      import('./catalog.ts'),
      import('./cli/silent-log.ts'),
    ])
    return runCa(argv, lines, { catalog, env, clock, random, log })
  },
  async status(argv) {
    const { runStatus } = await import('./cli/status.ts')
    return runStatus(argv, operatorIo())
  },
  async secrets(argv) {
    const { runSecrets } = await import('./cli/secrets.ts')
    return runSecrets(argv, operatorIo())
  },
  async wait(argv) {
    const { runWait } = await import('./cli/wait.ts')
    return runWait(argv, operatorIo())
  },
  async healthcheck(argv) {
    const { runHealthcheck } = await import('./cli/healthcheck.ts')
    return runHealthcheck(argv, operatorIo())
  },
  async shutdown(argv) {
    const { runShutdown } = await import('./cli/shutdown.ts')
    return runShutdown(argv, operatorIo())
  },
  rotate: operatorCommand('rotate'),
  pause: operatorCommand('pause'),
  resume: operatorCommand('resume'),
  abort: operatorCommand('abort'),
  retry: operatorCommand('retry'),
  adopt: operatorCommand('adopt'),
  revoke: operatorCommand('revoke'),
  async version() {
    lines.out(VERSION)
    return EXIT_OK
  },
  help: async ([name]) => help(name),
}

process.exitCode = await main(process.argv.slice(2))

async function main([word = 'help', ...argv]: readonly string[]): Promise<number> {
  const name = word === '-h' ? 'help' : word.replace(/^--/, '')
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) {
    lines.err(`sidekey: there is no command ${JSON.stringify(word)}; see sidekey help`)
    return EXIT_USAGE
  }
  try {
    return await (asksForHelp(name, argv) ? help(name) : command(argv))
  } catch (error) {
    return explain(error, argv)
  }
}

function help(name?: string): number {
  lines.out((name === undefined ? null : helpOf(name)) ?? helpOfAll())
  return EXIT_OK
}

/** What can be told in a line is told in a line; anything else is a bug, and its stack helps. */
function explain(error: unknown, argv: readonly string[]): number {
  if (error instanceof ConfigError) {
    const file = argv[argv.indexOf('--config') + 1] ?? 'configuration'
    for (const issue of error.issues) lines.err(formatIssue(file, issue))
    return EXIT_CONFIG
  }
  if (error instanceof UsageError || isParseArgsError(error)) {
    lines.err(`sidekey: ${error.message}; see sidekey help`)
    return EXIT_USAGE
  }
  if (error instanceof SidekeyError || isSystemError(error)) {
    lines.err(`sidekey: ${error.message}`)
    return EXIT_FAILED
  }
  lines.err(`sidekey: ${error instanceof Error ? error.stack : String(error)}`)
  return EXIT_FAILED
}

function operatorCommand(kind: RotationCommand['kind']) {
  return async (argv: readonly string[]): Promise<number> => {
    const { runCommand } = await import('./cli/command.ts')
    return runCommand(kind, argv, operatorIo())
  }
}

function operatorIo(): OperatorIo {
  const colours = stdout.isTTY && env['NO_COLOR'] === undefined
  return { ...lines, env, colours, stdin: process.stdin, clock }
}

async function runServe(argv: readonly string[]): Promise<number> {
  keepTickShape()
  const { readServeOptions, refuseInspector, serve } = await import('./cli/serve.ts')
  const options = readServeOptions(argv)
  refuseInspector(process.execArgv, env)
  // A diagnostic report, which anybody may have asked for by an option of Node, would show every variable.
  process.report.excludeEnv = true
  shortenBufferPool()
  // Before anything is started: a signal that comes early must not end the process half-way.
  const stopping = untilSignalled()
  const reloads: (() => void)[] = []
  process.on('SIGHUP', () => reloads.forEach((reload) => reload()))
  // Node would open its inspector, and with it the memory of this process, to whoever is on localhost.
  process.on('SIGUSR1', () => {})
  const deps = { clock, random, version: VERSION, crashPoint: arm(env), quit: stopping.resolve }
  const started = (serving: Serving): void => {
    process.on('uncaughtException', (error) => {
      serving.crashed(error)
      process.exit(EXIT_FAILED)
    })
  }
  const number = env['SIDEKEY_WORKER']
  if (number !== undefined && process.connected) {
    const { runWorker } = await import('./wiring/cluster/run-worker.ts')
    await runWorker({
      clock,
      channel: process,
      serve: (start, look) =>
        serve(
          options,
          { stdout, env },
          { ...deps, worker: { ...start, number: Number(number), look } },
        ),
      started,
      stopping,
    })
    return EXIT_OK
  }
  const serving = await serve(options, { stdout, env }, deps)
  started(serving)
  reloads.push(() => void serving.reload())
  await stopping.promise
  await serving.stop()
  return EXIT_OK
}

async function runEmulator([service, ...argv]: readonly string[]): Promise<number> {
  const run = await startEmulator(service, argv)
  if (run.kind === 'ended') return run.exitCode
  await untilSignalled().promise
  await run.close()
  return EXIT_OK
}

async function startEmulator(service: string | undefined, argv: readonly string[]) {
  const io = { stdout, stderr }
  const deps = { clock, random }
  if (service === 'vonage') {
    const { runEmulator } = await import('./cli/emulator.ts')
    return runEmulator(argv, io, deps)
  }
  if (service === 'okta' || service === 'twilio') {
    const { runOtherEmulator } = await import('./cli/emulator-others.ts')
    return runOtherEmulator(service, argv, io, deps)
  }
  throw new UsageError('write: sidekey emulator vonage, okta or twilio')
}

/** The first signal asks for an orderly end, the second one ends at once. */
function untilSignalled(): PromiseWithResolvers<void> {
  const stopping = Promise.withResolvers<void>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(EXIT_FAILED))
      stopping.resolve()
    })
  }
  return stopping
}

function isParseArgsError(error: unknown): error is Error {
  return (
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  )
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error
}
