import type { RotationPolicy } from '../kernel/policy.ts'
import { checkAccounts, checkManagers } from './check-credentials.ts'
import type { Findings } from './findings.ts'
import { otherSecrets } from './other-secrets.ts'
import type { Catalog, ProviderModule } from './provider-module.ts'
import { Refusal } from './refusal.ts'
import {
  type CommonKeys,
  commonCredential,
  credentialSchema,
  ROTATION_DEFAULTS,
  type RotationKeys,
} from './schema-credential.ts'
import { anyCredentialSchema } from './schema.ts'
import { NAME_PATTERN, NAME_REFUSAL } from './schema-words.ts'
import { Sharing } from './sharing.ts'
import type { Credential, CredentialSources } from './types.ts'
import { parsePart } from './zod-issues.ts'

/** Reads `credentials:`. What is wrong lands in `findings`; such an entry is left out. */
export function resolveCredentials(
  entries: ReadonlyMap<string, unknown>,
  catalog: Catalog,
  findings: Findings,
): readonly Credential[] {
  const schemaOf = schemas(catalog)
  const sharing = new Sharing()
  const credentials: Credential[] = []
  for (const [id, entry] of entries) {
    const path = ['credentials', id]
    if (!NAME_PATTERN.test(id)) findings.error(path, NAME_REFUSAL)
    const provider = catalog.providers.find(({ name }) => name === providerOf(entry))
    const options = parsePart(schemaOf(provider), entry, path, findings)
    const own = commonCredential.safeParse(entry).data
    if (options === null || own === undefined || provider === undefined) continue
    const shared = ownOptions(provider, options, sharing)
    const credential = build(id, provider, shared, own, { findings, sharing })
    if (credential === null) continue
    const others = otherSecrets(credential, provider, options, findings)
    credentials.push({ ...credential, sources: { ...credential.sources, ...others } })
  }
  checkManagers(credentials, [...entries.keys()], findings)
  checkAccounts(credentials, findings)
  return credentials
}

/** Makes the schemas of the providers that are named only; one that knows all tells what is wrong with a name. */
function schemas(catalog: Catalog): (provider: ProviderModule | undefined) => CredentialSchema {
  const made = new Map<ProviderModule | undefined, CredentialSchema>()
  return (provider) => {
    const known = made.get(provider)
    if (known !== undefined) return known
    const schema =
      provider === undefined ? anyCredentialSchema(catalog) : credentialSchema(provider)
    made.set(provider, schema)
    return schema
  }
}

type CredentialSchema = ReturnType<typeof anyCredentialSchema | typeof credentialSchema>

function providerOf(entry: unknown): unknown {
  return typeof entry === 'object' && entry !== null && 'provider' in entry ? entry.provider : null
}

function ownOptions(provider: ProviderModule, parsed: object, sharing: Sharing): object {
  return Object.fromEntries(
    Object.entries(parsed)
      .filter(([key]) => Object.hasOwn(provider.keys.shape, key))
      .map(([key, value]: [string, unknown]) => [key, sharing.of(value)]),
  )
}

function build(
  id: string,
  provider: ProviderModule,
  options: object,
  own: CommonKeys,
  { findings, sharing }: { readonly findings: Findings; readonly sharing: Sharing },
): Credential | null {
  const rotates = provider.create !== undefined && own.rotation !== 'off'
  const sources = resolveSources(id, own, rotates, findings)
  if (sources === null) return null
  return {
    id,
    providerName: provider.name,
    options,
    account: provider.account(options),
    publicValues: provider.publicValues(options),
    ...(provider.materials !== undefined && { materials: provider.materials(options) }),
    sources,
    managedBy: own.managedBy ?? null,
    rotation:
      own.rotation === 'off' || provider.create === undefined
        ? null
        : sharing.of(policy(id, own.rotation ?? ROTATION_DEFAULTS, findings)),
  }
}

/**
 * `secret`, or `current` with or without `previous`; the latter only where somebody else rotates. None where a manager
 * makes the first one.
 */
function resolveSources(
  id: string,
  own: CommonKeys,
  rotates: boolean,
  findings: Findings,
): CredentialSources | null {
  const path = ['credentials', id]
  const { secret, current, previous } = own
  const found = secret ?? current
  if (found === undefined && rotates && own.managedBy !== undefined && previous === undefined) {
    return { current: null, previous: null }
  }
  if (found === undefined) {
    const remedy = rotates ? 'add `secret`' : 'add `secret`, or `current` and `previous`'
    findings.error(path, new Refusal('has no secret', remedy))
    return null
  }
  if (rotates && (current ?? previous) !== undefined) {
    const key = current === undefined ? 'previous' : 'current'
    findings.error(
      [...path, key],
      new Refusal('stands beside a rotation', 'use `secret`, or say `rotation: off`'),
    )
  } else if (secret !== undefined && (current ?? previous) !== undefined) {
    findings.error(
      [...path, 'secret'],
      new Refusal('stands beside `current` or `previous`', 'keep `secret`, or the other two'),
    )
  } else if (!rotates && previous === undefined) {
    findings.warn(
      path,
      new Refusal('has no second secret to fall back to', 'add `current` and `previous`'),
    )
  }
  return { current: found, previous: previous ?? null }
}

function policy(id: string, keys: RotationKeys, findings: Findings): RotationPolicy {
  const at = (key: string) => ['credentials', id, 'rotation', key]
  const { stagedPromotion: staged } = keys
  if (staged !== undefined && staged.for >= keys.every) {
    findings.error(
      [...at('stagedPromotion'), 'for'],
      new Refusal('is not shorter than `every`', 'shorten it or lengthen `every`'),
    )
  }
  if (keys.drain >= keys.every) {
    findings.error(
      at('drain'),
      new Refusal('is not shorter than `every`', 'shorten `drain` or lengthen `every`'),
    )
  }
  for (const key of ['every', 'drain'] as const) {
    if (keys[key] < 60_000) {
      findings.warn(
        at(key),
        new Refusal('is below a minute', 'use it in trials only: a slow replica may lag behind'),
      )
    }
  }
  keys.blackouts.forEach(({ from, until }, index) => {
    if (from < until) return
    const refusal = new Refusal('ends before it starts', 'let `until` be later than `from`')
    findings.error([...at('blackouts'), index], refusal)
  })
  if (keys.standby === 'none') {
    findings.warn(
      at('standby'),
      new Refusal(
        'leaves no secret to fall back to between rotations',
        'say `standby: hot`, unless the second slot must stay free',
      ),
    )
  }
  return {
    everyMs: keys.every,
    jitterRatio: keys.jitter,
    drainMs: keys.drain,
    standby: keys.standby,
    revokeBootstrap: keys.revokeBootstrap,
    memberSilentMs: keys.memberSilent,
    windows: keys.windows,
    blackouts: keys.blackouts.map(({ from, until }) => ({ fromMs: from, untilMs: until })),
    ...(staged !== undefined && {
      stagedPromotion: {
        share: staged.share,
        forMs: staged.for,
        refusalsMaxRatio: staged.refusalsMax,
      },
    }),
  }
}
