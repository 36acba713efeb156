import type { SidekeyConfig } from '../config/types.ts'
import type { Store } from '../kernel/ports/store.ts'
import type { ClientConfig, DataPlaneConfig } from '../proxy/data-plane.ts'
import type { CredentialUnit } from './credential-unit.ts'
import { waysIn } from './open-authority.ts'
import type { PreparedTokens } from './token-caches.ts'

/** What the data plane is told of a configuration. */
export function planeConfig(
  config: SidekeyConfig,
  units: ReadonlyMap<string, CredentialUnit>,
  clients: readonly ClientConfig[],
  store: Store | null,
  tokens: PreparedTokens,
): DataPlaneConfig {
  const all = [...units.values()]
  const rotated = all.filter(({ rotator }) => rotator !== null)
  return {
    ...waysIn(config),
    routes: config.routes,
    sources: new Map(all.map((unit) => [unit.config.id, tokens.sourceOf(unit)])),
    stores: new Map(store === null ? [] : rotated.map(({ config: { id } }) => [id, store])),
    replayBodyMaxBytes: config.proxy.replayBodyMaxBytes,
    clients,
    tokens: tokens.of,
  }
}
