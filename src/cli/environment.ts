import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { authorityPaths } from '../authority/authority-files.ts'
import { readConfigOnly } from '../config/load-config.ts'
import type { Catalog } from '../config/provider-module.ts'
import { secretVariables } from '../config/references.ts'
import type { Environment } from '../config/secret-source.ts'
import { clientEnvironment, type Variables } from './client-environment.ts'
import type { SidekeyConfig } from '../config/types.ts'
import type { CliIo } from './cli-io.ts'
import { EXIT_OK } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'
import { type VariableFormat, writeVariables } from './write-variables.ts'

export interface EnvironmentDeps {
  readonly catalog: Catalog
  readonly env: Environment
}

const FORMATS: readonly VariableFormat[] = ['shell', 'json', 'k8s', 'compose']

/** What a shell says of a command that is not there, and of one that can't be started. */
const EXIT_NOT_FOUND = 127
const EXIT_NOT_STARTED = 126
/** What a command finds where Sidekey's own environment has a secret: SDKs want some value. */
const PLACEHOLDER = 'placeholder'

/**
 * `sidekey env --config FILE [--shell | --json | --k8s | --compose]`: prints the variables by which clients find Sidekey. Reads the
 * configuration only, none of its secrets.
 * @throws ConfigError, UsageError
 */
export async function runEnv(
  argv: readonly string[],
  io: CliIo,
  deps: EnvironmentDeps,
): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      shell: { type: 'boolean' },
      json: { type: 'boolean' },
      k8s: { type: 'boolean' },
      compose: { type: 'boolean' },
    },
  })
  const [format = 'shell', ...more] = FORMATS.filter((name) => values[name] === true)
  if (more.length > 0) throw new UsageError(`one of --${FORMATS.join(', --')}`)
  const config = await configOf(values.config, io, deps)
  // A pod and a compose file have another environment than this one, which would be written into them.
  const env = format === 'shell' || format === 'json' ? deps.env : {}
  io.out(writeVariables(variablesOf(config, env), format))
  return EXIT_OK
}

/**
 * `sidekey run --config FILE -- CMD…`: starts a command with those variables, passes signals on to it, and ends as it
 * does. A variable that the configuration takes a secret from holds a placeholder there.
 * @returns the command's exit code; 128 and its signal's number; 127 or 126 where it can't be started
 * @throws ConfigError, UsageError
 */
export async function runWithEnvironment(
  argv: readonly string[],
  io: CliIo,
  deps: EnvironmentDeps & { readonly signals: Pick<NodeJS.Process, 'on' | 'off'> },
): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { config: { type: 'string' } },
    allowPositionals: true,
  })
  const [command, ...rest] = positionals
  if (command === undefined) throw new UsageError('run needs a command: run --config FILE -- CMD')
  const config = await configOf(values.config, io, deps)
  const env = { ...deps.env, ...withheld(config, io, deps), ...variablesOf(config, deps.env) }
  const child = spawn(command, rest, { stdio: 'inherit', env })
  const pass = (signal: NodeJS.Signals): void => {
    // A terminal sends this one to the whole group: the command has it already, and says how it ends.
    if (signal !== 'SIGINT') child.kill(signal)
  }
  const passed = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const
  for (const signal of passed) deps.signals.on(signal, pass)
  try {
    return await new Promise<number>((resolve) => {
      child.once('error', (error) => {
        io.err(`sidekey: ${error.message}`)
        const missing = 'code' in error && error.code === 'ENOENT'
        resolve(missing ? EXIT_NOT_FOUND : EXIT_NOT_STARTED)
      })
      child.once('exit', (code, signal) => {
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
      })
    })
  } finally {
    for (const signal of passed) deps.signals.off(signal, pass)
  }
}

async function configOf(
  file: string | undefined,
  io: CliIo,
  { catalog }: EnvironmentDeps,
): Promise<SidekeyConfig> {
  if (file === undefined) throw new UsageError('--config FILE is missing')
  const config = await readConfigOnly(file, catalog)
  const { listen, clients } = config.proxy
  if (listen.kind === 'unix') {
    io.err('sidekey: proxy.listen is a unix socket, which no variable can name')
  }
  if (clients.length > 0) {
    io.err('sidekey: the proxy asks for a client token, which is secret and not among these')
  }
  return config
}

function variablesOf(config: SidekeyConfig, env: Environment): Variables {
  const { caDirectory } = config.proxy
  return clientEnvironment(config, caDirectory === null ? null : authorityPaths(caDirectory), env)
}

/** The app's environment can be read from outside, and the app need not hold what Sidekey writes. */
function withheld(config: SidekeyConfig, io: CliIo, { env }: EnvironmentDeps): Variables {
  const names = secretVariables(config).filter((name) => (env[name] ?? '') !== '')
  if (names.length > 0) {
    io.err(`sidekey: ${names.join(', ')}: secret, so the command gets a placeholder`)
  }
  return Object.fromEntries(names.map((name) => [name, PLACEHOLDER]))
}
