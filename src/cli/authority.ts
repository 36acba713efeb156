import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { loadConfig } from '../config/load-config.ts'
import type { Catalog } from '../config/provider-module.ts'
import { Refusal } from '../config/refusal.ts'
import { type Environment, readStoreKey } from '../config/secret-source.ts'
import type { SidekeyConfig } from '../config/types.ts'
import { ConfigError } from '../kernel/errors.ts'
import { openAuthority } from '../wiring/open-authority.ts'
import type { CliIo } from './cli-io.ts'
import { EXIT_OK } from './exit-codes.ts'
import type { AuthorityDeps } from '../wiring/open-authority.ts'
import { UsageError } from './usage-error.ts'

export interface AuthorityCommandDeps extends Omit<AuthorityDeps, 'storeKey'> {
  readonly catalog: Catalog
  readonly env: Environment
}

/**
 * `sidekey ca --config FILE [--bundle] [--out FILE]`: prints the certificate of the local authority, or with `--bundle`
 * everything that a client should trust. Makes the authority where there is none yet.
 * @throws ConfigError, UsageError
 */
export async function runCa(
  argv: readonly string[],
  io: CliIo,
  deps: AuthorityCommandDeps,
): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      bundle: { type: 'boolean' },
      out: { type: 'string' },
    },
  })
  if (values.config === undefined) throw new UsageError('--config FILE is missing')
  const { config } = await loadConfig(values.config, deps.catalog, deps.env)
  const authority = await openAuthority(config, { ...deps, storeKey: await storeKey(config, deps) })
  if (authority === null) {
    throw new UsageError('nothing needs an authority: turn on proxy.connect.intercept or proxy.tls')
  }
  authority.close()
  const { certificate, bundle } = authority.paths
  const pem = await readFile(values.bundle === true ? bundle : certificate, 'utf8')
  if (values.out === undefined) io.out(pem.trimEnd())
  else await writeFile(values.out, pem, { mode: 0o644 })
  return EXIT_OK
}

async function storeKey(
  { store }: SidekeyConfig,
  { env }: AuthorityCommandDeps,
): Promise<Uint8Array | null> {
  if (store === null) return null
  const key = await readStoreKey(store.key, env)
  if (!(key instanceof Refusal)) return key.export()
  const { message, remedy } = key
  throw new ConfigError([{ path: 'store.keyFile', line: null, message, remedy }])
}
