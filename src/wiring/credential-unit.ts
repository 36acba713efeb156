import { refuseKey } from '../config/private-key.ts'
import type { CredentialConfig } from '../config/types.ts'
import type { CredentialRecord } from '../kernel/credential.ts'
import { CommandRefusedError } from '../kernel/errors.ts'
import type { CrashPoint } from '../kernel/ports/crash-point.ts'
import type { ManagementAuth, Provider } from '../kernel/ports/provider.ts'
import type { AccountSecret, DryRun } from '../kernel/ports/rotation-control.ts'
import type { Store } from '../kernel/ports/store.ts'
import type { RotationTelemetry } from '../kernel/ports/telemetry.ts'
import type { VersionSource } from '../kernel/ports/version-source.ts'
import { SecretValue } from '../kernel/secret-value.ts'
import type { Fingerprint } from '../platform/fingerprint.ts'
import { createFileSource } from '../providers/static/file-source.ts'
import type { Connections } from '../calls/connections.ts'
import type { WatchedFolders } from '../providers/static/watched-folders.ts'
import { accountSecrets } from '../rotation/account-secrets.ts'
import { dryRun } from '../rotation/dry-run.ts'
import type { RotationPace } from '../rotation/rotation-pace.ts'
import { Rotator, type RotatorDeps } from '../rotation/rotator.ts'
import { createRecordSource } from '../stores/record-source.ts'
import { catalog } from '../catalog.ts'
import { CredentialSecrets, type SecretsDeps } from './credential-secrets.ts'
import { watchedSecrets } from './watched-secrets.ts'

/** All that one credential of the configuration consists of at run time. */
export interface CredentialUnit {
  readonly config: CredentialConfig
  readonly source: VersionSource
  /** Null where somebody else rotates. */
  readonly rotator: Rotator | null
  /** What the provider lists now; null where there is no provider to ask. */
  readonly secrets: ((verify: boolean) => Promise<readonly AccountSecret[]>) | null
  /** What a rotation would do now; null where somebody else rotates. */
  readonly dryRun: ((emergency: boolean) => Promise<DryRun>) | null
  close(): Promise<void>
}

/** What every credential shares. */
export interface UnitDeps extends SecretsDeps {
  readonly telemetry: RotationTelemetry
  readonly crashPoint: CrashPoint
  readonly fingerprint: Fingerprint
  readonly files: WatchedFolders
  readonly connections: Connections
  readonly instance: string
  /** Null only when nothing rotates. */
  readonly store: Store | null
  /** Of all credentials of the process; see `RotatorDeps`. */
  readonly pace: RotationPace
  readonly restMinMs: () => number
  /** The working secrets of another credential, the first to try first: those of a primary account. */
  readonly managementOf: (credentialId: string) => Promise<readonly ManagementAuth[]>
}

/** Builds a credential: watched sources where somebody else rotates, a record and its rotator where Sidekey does. */
export function buildUnit(config: CredentialConfig, deps: UnitDeps): CredentialUnit {
  return config.rotation === null || deps.store === null
    ? buildWatched(config, deps)
    : buildRotated(config, config.rotation, deps.store, deps)
}

function buildWatched(config: CredentialConfig, deps: UnitDeps): CredentialUnit {
  if (config.sources.current === null)
    throw new Error(`${config.id} has no secret; the configuration refuses it`)
  const secrets = new CredentialSecrets(config, deps)
  const reader = (key: string) => async () => {
    const found = (await secrets.read(key)) ?? MISSING
    if (!(found instanceof SecretValue) || !config.privateKey) return found
    // The last key that can be used goes on.
    return refuseKey(found, config.privateKey) ?? found
  }
  const files = createFileSource({
    credentialId: config.id,
    publicValues: config.publicValues,
    current: reader('current'),
    previous: config.sources.previous === null ? null : reader('previous'),
    watch: (changed) => {
      const stops = [deps.files.watch(secrets.watchPaths, changed), secrets.watch(changed)]
      return () => stops.forEach((stop) => stop())
    },
    fingerprint: deps.fingerprint,
    clock: deps.clock,
    log: deps.log,
  })
  const source = scrubbed(files, deps)
  const { account, managedBy, writtenAt } = config
  let provider: Provider | null = null
  const inspect = async (verify: boolean): Promise<readonly AccountSecret[]> => {
    provider ??= createProvider(config, secrets, deps)
    const { versions } = await source.load()
    const own = versions.map(({ value }) => ({ account, secret: value }))
    const auths = managedBy === null ? own : await deps.managementOf(managedBy)
    return watchedSecrets({ provider, clock: deps.clock }, auths, versions, verify)
  }
  // A further secret of an account is none that its management API would know.
  const isListed = writtenAt === undefined && moduleOf(config)?.create !== undefined
  return {
    config,
    source,
    rotator: null,
    secrets: isListed ? inspect : null,
    dryRun: null,
    close: () => secrets.close(),
  }
}

function moduleOf({ providerName }: CredentialConfig) {
  return catalog.providers.find(({ name }) => name === providerName)
}

const MISSING = { message: 'is missing' }

function buildRotated(
  config: CredentialConfig,
  policy: NonNullable<CredentialConfig['rotation']>,
  store: Store,
  deps: UnitDeps,
): CredentialUnit {
  const secrets = new CredentialSecrets(config, deps)
  const provider = createProvider(config, secrets, deps)
  const { id: credentialId, publicValues, managedBy } = config
  const rotatorDeps: RotatorDeps = {
    ...deps,
    credentialId,
    account: config.account,
    providerName: config.providerName,
    policy,
    provider,
    store,
    bootstrapSecret: config.sources.current === null ? null : () => secrets.readFirst(),
    managedBy: managedBy === null ? null : () => deps.managementOf(managedBy),
  }
  const rotator = new Rotator(rotatorDeps)
  const source: VersionSource = {
    ...createRecordSource({ store, credentialId, publicValues }),
    // Each provider bounds its own calls in time, so nothing has to abort this one.
    probe: async ({ value }) => (await provider.verify(value, new AbortController().signal)).kind,
  }
  return {
    config,
    source: scrubbed(source, deps),
    rotator,
    secrets: async (verify) => {
      const stored = await store.read(credentialId)
      if (stored === null) throw new CommandRefusedError('nothing is recorded yet; try again')
      return accountSecrets(rotatorDeps, stored.record, verify)
    },
    dryRun: (emergency) => dryRun(rotatorDeps, emergency),
    close: () => secrets.close(),
  }
}

function createProvider(
  config: CredentialConfig,
  secrets: CredentialSecrets,
  deps: UnitDeps,
): Provider {
  const module = moduleOf(config)
  if (module?.create === undefined) {
    throw new Error(`provider ${config.providerName} does not rotate; the configuration refuses it`)
  }
  const readOther = (key: string) => readOtherSecret(config.id, secrets, key, deps)
  return module.create(config.options, { ...deps, readSecret: readOther })
}

/** A further secret of the provider, such as its management token. Read at each use: somebody else may rotate it. */
async function readOtherSecret(
  credential: string,
  secrets: CredentialSecrets,
  key: string,
  { log }: UnitDeps,
): Promise<SecretValue | null> {
  const found = await secrets.read(key)
  if (found === null || found instanceof SecretValue) return found
  log.warn('secret not read', { credential, secret: key, reason: found.message })
  return null
}

/** Gives back what a credential holds: its lease, its connections. */
export async function closeUnit(unit: CredentialUnit): Promise<void> {
  await unit.rotator?.release()
  await unit.close()
}

/** Whatever requests may use is also what logs must not show. */
function scrubbed(source: VersionSource, deps: UnitDeps): VersionSource {
  return {
    ...source,
    load: async () => {
      const loaded = await source.load()
      deps.keepSecret(
        source.credentialId,
        loaded.versions.map(({ value }) => value),
      )
      return loaded
    },
  }
}

/** A store that tells of every value it hands out or takes in, before anybody can print it. */
export function scrubbedStore(store: Store, keepSecret: UnitDeps['keepSecret']): Store {
  const keep = (record: CredentialRecord) => {
    const { current, pending, previous, tombstones } = record
    const versions = [current, pending, previous, ...tombstones]
    keepSecret(
      `record ${record.credentialId}`,
      versions.flatMap((version) => (version === null ? [] : [version.value])),
    )
  }
  return {
    read: async (credentialId) => {
      const stored = await store.read(credentialId)
      if (stored !== null) keep(stored.record)
      return stored
    },
    compareAndSwap: (credentialId, expected, record) => {
      keep(record)
      return store.compareAndSwap(credentialId, expected, record)
    },
    watch: (credentialId, changed) => store.watch(credentialId, changed),
    acquireLease: (credentialId, holder, ttlMs) => store.acquireLease(credentialId, holder, ttlMs),
    publishMember: (credentialId, member) => store.publishMember(credentialId, member),
    members: (credentialId) => store.members(credentialId),
    goneUses: (credentialId) => store.goneUses(credentialId),
    removeMember: (credentialId, instance) => store.removeMember(credentialId, instance),
    close: () => store.close(),
  }
}
