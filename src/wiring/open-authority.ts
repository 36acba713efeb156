import { isIP } from 'node:net'
import type { LocalAuthority } from '../authority/local-authority.ts'
import { formatListenAddress } from '../config/listen-address.ts'
import type { SidekeyConfig } from '../config/types.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Random } from '../kernel/ports/random.ts'
import { authoritySeal } from './authority-seal.ts'

export interface AuthorityDeps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** The key of the store; null: there is no store. */
  readonly storeKey: Uint8Array | null
}

/**
 * Opens the local authority, and loads its code, where the configuration needs one; null where it does not.
 * @throws ConfigError, StoreUnreadableError as `LocalAuthority.open`
 */
export async function openAuthority(
  config: SidekeyConfig,
  { storeKey, ...deps }: AuthorityDeps,
): Promise<LocalAuthority | null> {
  const directory = config.proxy.caDirectory
  // Without a store the configuration was refused.
  if (directory === null || storeKey === null) return null
  const { LocalAuthority } = await import('../authority/local-authority.ts')
  const seal = authoritySeal(storeKey, deps.random)
  return LocalAuthority.open({ ...deps, directory, seal, hosts: interceptedHosts(config) })
}

/** The names of the routes, sorted; an address has no certificate. */
export function interceptedHosts({ routes }: Pick<SidekeyConfig, 'routes'>): readonly string[] {
  const names = routes.flatMap(({ hosts }) => hosts).filter((host) => isIP(host) === 0)
  return [...new Set(names)].toSorted()
}

/** Every way in besides `listen` of routes, as the data plane wants it. */
export function waysIn({ proxy }: SidekeyConfig) {
  const { listen, tlsListen, forward, connect } = proxy
  return {
    listen: formatListenAddress(listen),
    tlsListen: tlsListen === null ? null : formatListenAddress(tlsListen),
    forward,
    connect,
  }
}
