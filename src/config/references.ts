import { isLocal, type LocalSource, type SecretSource } from '../kernel/secret-source.ts'
import type { JwtAlgorithm } from '../kernel/signing.ts'
import { settleAll } from './at-once.ts'
import { refuseKey } from './private-key.ts'
import { nestedSources } from './nested-sources.ts'
import { MISSING_FILE } from './read-limited-file.ts'
import type { Findings } from './findings.ts'
import { Refusal } from './refusal.ts'
import {
  type Environment,
  MISSING_VARIABLE,
  readSecretSource,
  readStoreKey,
} from './secret-source.ts'
import type { CredentialConfig, SidekeyConfig } from './types.ts'
import type { Path } from './yaml-document.ts'

/** A place in the file that says where on this machine a secret is. */
export interface Reference {
  readonly path: Path
  readonly source: LocalSource
  /** `second-secret`: it may be missing. */
  readonly purpose: 'secret' | 'second-secret' | 'token' | 'store-key'
  readonly fitsHeader: boolean
  /** It is a private key in PEM for this algorithm. */
  readonly privateKey?: JwtAlgorithm | null
}

/** Shorter tokens can be guessed. */
const TOKEN_LENGTH_MIN = 16
/** 256 bits in base64, without padding. */
const TOKEN_LENGTH_ADVISED = 43
const TOKEN_REMEDY = 'make one with: openssl rand -base64 32'

/** Every local source of a configuration, those that a remote one needs included; `entries` is what the file says of the credentials. */
export function referencesOf(
  { proxy, admin, store, credentials }: SidekeyConfig,
  entries: ReadonlyMap<string, unknown>,
): readonly Reference[] {
  const references: Reference[] = proxy.clients.map(({ token }, index) => ({
    path: ['proxy', 'clients', index, 'tokenFile'],
    source: token,
    purpose: 'token',
    fitsHeader: true,
  }))
  if (admin.token !== null) {
    const path = ['admin', 'tokenFile']
    references.push({ path, source: admin.token, purpose: 'token', fitsHeader: true })
  }
  if (store !== null) {
    const path = ['store', store.key.kind === 'file' ? 'keyFile' : 'keyEnv']
    references.push({ path, source: store.key, purpose: 'store-key', fitsHeader: false })
  }
  return [...references, ...credentials.flatMap((one) => ofCredential(one, entries.get(one.id)))]
}

/** Names of the variables that the configuration takes secrets, tokens and keys from. */
export function secretVariables(config: SidekeyConfig): readonly string[] {
  const names = referencesOf(config, new Map()).flatMap(({ source }) =>
    source.kind === 'env' ? [source.name] : [],
  )
  return [...new Set(names)]
}

function ofCredential(credential: CredentialConfig, entry: unknown): readonly Reference[] {
  const { id, fitsHeader, privateKey = null, writtenAt } = credential
  const { current, previous, others = {} } = credential.sources
  const key = isRecord(entry) && Object.hasOwn(entry, 'secret') ? 'secret' : 'current'
  const at = (key: string) => ['credentials', id, key]
  const references: Reference[] = []
  if (current !== null) {
    const found = localOf(writtenAt ?? at(key), current, 'secret', fitsHeader)
    references.push(...found.map((one) => (isLocal(current) ? { ...one, privateKey } : one)))
  }
  if (previous !== null) {
    references.push(...localOf(at('previous'), previous, 'second-secret', fitsHeader))
  }
  for (const [name, source] of Object.entries(others)) {
    references.push(...localOf(at(name), source, 'secret', true))
  }
  return references
}

/** The source itself, or what a remote one logs in with. A server is not asked here: it may be away for a while. */
function localOf(
  path: Path,
  source: SecretSource,
  purpose: 'secret' | 'second-secret',
  fitsHeader: boolean,
): readonly Reference[] {
  if (isLocal(source)) return [{ path, source, purpose, fitsHeader }]
  return nestedSources(source).map(({ keys, source: nested }) => ({
    path: [...path, ...keys],
    source: nested,
    purpose: 'secret',
    fitsHeader: true,
  }))
}

/** Says of variables that they are not set, and that a file is safer: the environment can be read from outside. */
export function checkEnvironment(
  references: readonly Reference[],
  env: Environment,
  findings: Findings,
): void {
  for (const reference of references) {
    const { path, source } = reference
    if (source.kind === 'file') continue
    if (env[source.name] === undefined) missing(reference, MISSING_VARIABLE, findings)
    else {
      findings.warn(
        path,
        new Refusal('is read from the environment', 'prefer a file: /proc shows the environment'),
      )
    }
  }
}

/** Reads every source once and says what is wrong with it. Nothing of a value is kept or shown. */
export async function checkSources(
  references: readonly Reference[],
  env: Environment,
  findings: Findings,
): Promise<void> {
  // Where a secret is and what it must be like is all that tells two looks apart, not who asks.
  const lookOf = ({ path: _path, ...look }: Reference) => JSON.stringify(look)
  const looks = [...new Map(references.map((one) => [lookOf(one), one]))]
  const ends = await settleAll(looks, ([, reference]) => lengthOf(reference, env))
  const found = new Map(looks.map(([look], index) => [look, ends[index]]))
  for (const reference of references) {
    const end = found.get(lookOf(reference))
    if (end?.status !== 'fulfilled') throw end?.reason
    checkLength(reference, end.value, findings)
  }
}

function checkLength(reference: Reference, read: number | Refusal, findings: Findings): void {
  const { path, purpose } = reference
  if (read === MISSING_VARIABLE) return
  if (read instanceof Refusal) missing(reference, read, findings)
  else if (purpose === 'token' && read < TOKEN_LENGTH_MIN) {
    findings.error(path, new Refusal('is too short for a token', TOKEN_REMEDY))
  } else if (purpose === 'token' && read < TOKEN_LENGTH_ADVISED) {
    findings.warn(path, new Refusal('is a short token', TOKEN_REMEDY))
  }
}

async function lengthOf(reference: Reference, env: Environment): Promise<number | Refusal> {
  const { source, purpose, fitsHeader, privateKey = null } = reference
  if (purpose === 'store-key') {
    const key = await readStoreKey(source, env)
    return key instanceof Refusal ? key : (key.symmetricKeySize ?? 0)
  }
  const value = await readSecretSource(source, env, { fitsHeader })
  if (value instanceof Refusal) return value
  return privateKey === null ? value.length : (refuseKey(value, privateKey) ?? value.length)
}

/** The second secret may be missing between two rotations of somebody else; anything else is an error. */
function missing({ path, purpose }: Reference, refusal: Refusal, findings: Findings): void {
  const absent = refusal === MISSING_FILE || refusal === MISSING_VARIABLE
  if (absent && purpose === 'second-secret') findings.warn(path, refusal)
  else findings.error(path, refusal)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
