import { parseArgs } from 'node:util'
import { foldIssues } from '../config/fold-issues.ts'
import { loadConfig, type LoadedConfig } from '../config/load-config.ts'
import { ConfigError, type ConfigIssue } from '../kernel/errors.ts'
import { type CheckDeps, checkOnline, type OnlineResult } from './check-online.ts'
import { checkStoreDirectory } from './check-store-directory.ts'
import type { CliIo } from './cli-io.ts'
import { configPicture } from './config-picture.ts'
import { EXIT_CONFIG, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './exit-codes.ts'
import { formatIssue } from './format-issue.ts'

const USAGE = 'usage: sidekey check --config FILE [--online] [--json]'

interface CheckOptions {
  readonly file: string
  readonly online: boolean
  readonly json: boolean
}

/**
 * `sidekey check`: validates a configuration and what it refers to, and with `--online` also that the upstreams can be
 * reached and the provider accepts the secrets. Changes and rotates nothing.
 * @returns 0, 1 (online: not reachable or refused), 64 (usage) or 78 (bad configuration)
 */
export async function runCheck(
  argv: readonly string[],
  io: CliIo,
  deps: CheckDeps,
): Promise<number> {
  const options = parseOptions(argv)
  if (options === null) {
    io.err(USAGE)
    return EXIT_USAGE
  }
  const { file, online, json } = options
  const loaded = await load(file, deps)
  if (loaded instanceof ConfigError) {
    if (json) io.out(report(file, { errors: loaded.issues }))
    else for (const issue of foldIssues(loaded.issues)) io.err(formatIssue(file, issue))
    return EXIT_CONFIG
  }
  if (!json) printLoaded(file, loaded, io)
  const progress = json ? () => {} : io.out
  const results = online ? await checkOnline(loaded.config, deps, progress) : []
  if (json) io.out(report(file, { warnings: loaded.warnings, online: results }))
  return results.every(({ ok }) => ok) ? EXIT_OK : EXIT_FAILED
}

function parseOptions(argv: readonly string[]): CheckOptions | null {
  try {
    const { values } = parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: false,
      options: {
        config: { type: 'string' },
        online: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    })
    const { config, online, json } = values
    return config === undefined ? null : { file: config, online, json }
  } catch {
    return null
  }
}

async function load(file: string, deps: CheckDeps): Promise<LoadedConfig | ConfigError> {
  try {
    const loaded = await loadConfig(file, deps.catalog, deps.env)
    await checkStoreDirectory(loaded.config.store)
    return loaded
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}

function printLoaded(file: string, { config, warnings }: LoadedConfig, io: CliIo): void {
  for (const warning of foldIssues(warnings)) io.err(`warning: ${formatIssue(file, warning)}`)
  for (const line of configPicture(config)) io.out(line)
  io.out(`${file} is valid`)
}

interface Report {
  readonly errors?: readonly ConfigIssue[]
  readonly warnings?: readonly ConfigIssue[]
  readonly online?: readonly OnlineResult[]
}

function report(file: string, { errors = [], warnings = [], online = [] }: Report): string {
  const ok = errors.length === 0 && online.every((result) => result.ok)
  return JSON.stringify({ ok, file, errors, warnings, online })
}
