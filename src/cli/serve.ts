import { parseArgs } from 'node:util'
import { catalog } from '../catalog.ts'
import { foldIssues } from '../config/fold-issues.ts'
import { loadConfig, loadConfigText } from '../config/load-config.ts'
import { Refusal } from '../config/refusal.ts'
import { type Environment, readSecretSource, readStoreKey } from '../config/secret-source.ts'
import type { SidekeyConfig, StoreConfig } from '../config/types.ts'
import { ConfigError } from '../kernel/errors.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { CrashPoint } from '../kernel/ports/crash-point.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Random } from '../kernel/ports/random.ts'
import type { SecretValue } from '../kernel/secret-value.ts'
import type { WorkerGroupDeps } from '../wiring/cluster/worker-group.ts'
import type { WorkerStart, WorkerState } from '../wiring/cluster/messages.ts'
import { scrubbedStore } from '../wiring/credential-unit.ts'
import { openAuthority } from '../wiring/open-authority.ts'
import { createFingerprinter } from '../platform/fingerprint.ts'
import type { ClientConfig } from '../proxy/data-plane.ts'
import { RotationPace } from '../rotation/rotation-pace.ts'
import { Sidecar } from '../sidecar.ts'
import { openFileStore } from '../stores/file/file-store.ts'
import { WriteBehind } from '../stores/write-behind.ts'
import { errorFields } from '../telemetry/error-fields.ts'
import { createLog } from '../telemetry/log.ts'
import type { MetricPiece } from '../telemetry/metric-piece.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { LiveSecrets } from '../telemetry/scrub-secrets.ts'
import { UsageError } from './usage-error.ts'

export interface ServeIo {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean }
  readonly env: Environment
}

export interface ServeDeps {
  readonly clock: Clock
  readonly random: Random
  readonly crashPoint: CrashPoint
  readonly version: string
  /** Starts an orderly stop of the process. */
  readonly quit: () => void
  /** What a worker process was told; absent: this is no worker. */
  readonly worker?: WorkerStart & {
    readonly number: number
    readonly look: (credentialId: string) => void
  }
}

/** A running Sidekey, for the process edge: signals and uncaught errors end here. */
export interface Serving {
  reload(): Promise<unknown>
  /** Where the proxy listens. */
  readonly address: string
  /** In a worker: as `Sidecar.change`. */
  change(kind: 'prepare' | 'commit', text: string): Promise<void>
  /** In a worker: how it is. */
  report(): WorkerState
  readiness(): WorkerState['readiness']
  /** What it has counted, for the supervisor. */
  metrics(): AsyncIterable<MetricPiece>
  stop(): Promise<void>
  /** Writes an error that nobody caught, scrubbed like every other line. */
  crashed(error: unknown): void
}

/**
 * `sidekey serve --config FILE`: runs the proxy, the rotation and the admin port until `stop`.
 * @throws ConfigError every error of the file and of what it refers to
 */
export async function serve(options: ServeOptions, io: ServeIo, deps: ServeDeps): Promise<Serving> {
  const { configFile, format, level } = options
  const { worker = null } = deps
  const { config, warnings, text } =
    worker === null
      ? await loadConfig(configFile, catalog, io.env)
      : await loadConfigText(worker.text, configFile, catalog, io.env)
  const secrets = new LiveSecrets()
  const { clock, random } = deps
  const written = createLog({
    level: level ?? config.log.level,
    format: format ?? (io.stdout.isTTY === true ? 'text' : 'json'),
    destination: io.stdout,
    scrub: secrets,
    clock,
  })
  const log = worker === null ? written : withWorker(written, worker.number)
  for (const { path, message, remedy } of worker === null ? foldIssues(warnings) : [])
    log.warn('configuration', { path, message, remedy })
  const keepSecret = secrets.set.bind(secrets)
  const opened =
    config.store === null ? null : await openStore(config.store, io.env, { clock, random, log })
  const storeKey = opened?.key ?? null
  const fingerprintKey = worker?.fingerprintKey ?? random.id() + random.id()
  const certificates = await openAuthority(config, { clock, random, log, storeKey })
  const metrics = createMetrics({ clock, version: deps.version })
  const sidecar = new Sidecar({
    ...deps,
    log,
    certificates,
    configFile,
    config,
    env: io.env,
    keepSecret,
    metrics,
    pace: new RotationPace(clock, random),
    text,
    group: worker === null ? await openGroup(config, { clock, log, fingerprintKey }) : null,
    lookElsewhere: worker?.look ?? null,
    instance: random.id(),
    store:
      opened === null
        ? null
        : scrubbedStore(new WriteBehind(opened.store, { clock, log }), keepSecret),
    fingerprint: createFingerprinter(storeKey ?? Buffer.from(fingerprintKey, 'hex')),
    readToken: (current) => readToken(current, io.env, keepSecret),
    readClients: (current) => readClients(current, io.env, keepSecret),
  })
  try {
    await sidecar.start()
  } catch (error) {
    await sidecar.stop()
    throw error
  }
  if (worker === null) {
    log.info('sidekey is ready', { ...sidecar.addresses, version: deps.version })
  } else log.info('worker is ready')
  return {
    reload: () => sidecar.reload(),
    address: sidecar.addresses.proxy,
    change: (kind, next) => sidecar.change(kind, next),
    report: () => sidecar.report(),
    readiness: () => sidecar.readiness(),
    metrics: () => metrics.pieces(),
    stop: async () => {
      log.info(worker === null ? 'sidekey stops' : 'worker stops')
      await sidecar.stop()
      certificates?.close()
      log.info(worker === null ? 'sidekey has stopped' : 'worker has stopped')
    },
    crashed: (error) => log.error('uncaught error', errorFields(error)),
  }
}

/** Several processes cost memory and time to load only where they are asked for. */
async function openGroup({ proxy }: SidekeyConfig, deps: Omit<WorkerGroupDeps, 'size' | 'fork'>) {
  if (proxy.workers === 1) return null
  const [{ WorkerGroup }, { forkWorker: fork }] = await Promise.all([
    import('../wiring/cluster/worker-group.ts'),
    import('../wiring/cluster/fork-worker.ts'),
  ])
  return new WorkerGroup({ ...deps, size: proxy.workers, fork })
}

function withWorker(log: Log, worker: number): Log {
  return {
    debug: (event, fields) => log.debug(event, { worker, ...fields }),
    info: (event, fields) => log.info(event, { worker, ...fields }),
    warn: (event, fields) => log.warn(event, { worker, ...fields }),
    error: (event, fields) => log.error(event, { worker, ...fields }),
  }
}

export interface ServeOptions {
  readonly configFile: string
  readonly format: 'json' | 'text' | undefined
  readonly level: 'debug' | 'info' | 'warn' | 'error' | undefined
}

/** @throws UsageError */
export function readServeOptions(argv: readonly string[]): ServeOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      'log-format': { type: 'string' },
      'log-level': { type: 'string' },
    },
  })
  if (values.config === undefined) throw new UsageError('serve needs --config FILE')
  return {
    configFile: values.config,
    format: oneOf('--log-format', values['log-format'], ['json', 'text']),
    level: oneOf('--log-level', values['log-level'], ['debug', 'info', 'warn', 'error']),
  }
}

/**
 * An inspector shows the whole memory, secrets included, to whoever reaches its port.
 * @throws ConfigError when this process was started with one
 */
export function refuseInspector(execArgv: readonly string[], env: Environment): void {
  const options = [...execArgv, ...(env['NODE_OPTIONS'] ?? '').split(/\s+/)]
  if (!options.some((option) => option.startsWith('--inspect'))) return
  const message = 'an inspector is asked for, and it would show every secret'
  const remedy = 'remove --inspect from the command line and from NODE_OPTIONS'
  throw new ConfigError([{ path: '', line: null, message, remedy }])
}

function oneOf<T extends string>(name: string, text: string | undefined, words: readonly T[]) {
  const found = words.find((word) => word === text)
  if (text !== undefined && found === undefined) {
    throw new UsageError(`${name} is one of ${words.join(', ')}`)
  }
  return found
}

async function openStore(
  config: StoreConfig,
  env: Environment,
  deps: Pick<Parameters<typeof openFileStore>[0], 'clock' | 'random' | 'log'>,
) {
  const keyObject = await readStoreKey(config.key, env)
  if (keyObject instanceof Refusal) throw refused('store.keyFile', keyObject)
  const key = keyObject.export()
  return { store: await openFileStore({ ...deps, directory: config.directory, key }), key }
}

type KeepSecret = (owner: string, secrets: readonly SecretValue[]) => void

async function readToken(config: SidekeyConfig, env: Environment, keep: KeepSecret) {
  if (config.admin.token === null) return null
  const token = await readSecretSource(config.admin.token, env)
  if (token instanceof Refusal) throw refused('admin.tokenFile', token)
  keep('admin token', [token])
  return token
}

async function readClients(
  config: SidekeyConfig,
  env: Environment,
  keep: KeepSecret,
): Promise<readonly ClientConfig[]> {
  return Promise.all(
    config.proxy.clients.map(async ({ name, token: source, routes }) => {
      const token = await readSecretSource(source, env)
      if (token instanceof Refusal) throw refused(`proxy.clients.${name}.tokenFile`, token)
      keep(`client ${name}`, [token])
      return { name, token, routes }
    }),
  )
}

function refused(path: string, { message, remedy }: Refusal): ConfigError {
  return new ConfigError([{ path, line: null, message, remedy }])
}
