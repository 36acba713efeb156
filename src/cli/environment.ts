import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { authorityPaths } from '../authority/authority-files.ts'
import { readConfigOnly } from '../config/load-config.ts'
import type { Catalog } from '../config/provider-module.ts'
import type { Environment } from '../config/secret-source.ts'
import { clientEnvironment, type Variables } from './client-environment.ts'
import type { CliIo } from './cli-io.ts'
import { EXIT_OK } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'

export interface EnvironmentDeps {
  readonly catalog: Catalog
  readonly env: Environment
}

/** What a shell says of a command that is not there, and of one that can't be started. */
const EXIT_NOT_FOUND = 127
const EXIT_NOT_STARTED = 126

/**
 * `sidekey env --config FILE [--shell | --json]`: prints the variables by which clients find Sidekey. Reads the
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
    },
  })
  if (values.shell === true && values.json === true) throw new UsageError('--shell or --json')
  const variables = await variablesOf(values.config, io, deps)
  if (values.json === true) io.out(JSON.stringify(variables, null, 2))
  else {
    for (const [name, value] of Object.entries(variables)) io.out(`export ${name}=${quoted(value)}`)
  }
  return EXIT_OK
}

/**
 * `sidekey run --config FILE -- CMD…`: starts a command with those variables, passes signals on to it, and ends as it
 * does.
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
  const variables = await variablesOf(values.config, io, deps)
  const child = spawn(command, rest, { stdio: 'inherit', env: { ...deps.env, ...variables } })
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

async function variablesOf(
  file: string | undefined,
  io: CliIo,
  { catalog, env }: EnvironmentDeps,
): Promise<Variables> {
  if (file === undefined) throw new UsageError('--config FILE is missing')
  const config = await readConfigOnly(file, catalog)
  const { listen, clients, caDirectory } = config.proxy
  if (listen.kind === 'unix') {
    io.err('sidekey: proxy.listen is a unix socket, which no variable can name')
  }
  if (clients.length > 0) {
    io.err('sidekey: the proxy asks for a client token, which is secret and not among these')
  }
  return clientEnvironment(config, caDirectory === null ? null : authorityPaths(caDirectory), env)
}

/** One word for every POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
