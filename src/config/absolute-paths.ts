import { resolve } from 'node:path'
import type { SecretSource } from './secret-source.ts'
import type { SidekeyConfig } from './types.ts'

/** Makes every path of the configuration absolute, from `directory` on; null leaves them as they are. */
export function absolutePaths(config: SidekeyConfig, directory: string | null): SidekeyConfig {
  if (directory === null) return config
  const absolute = <Source extends SecretSource | null>(source: Source) =>
    source?.kind === 'file' ? { ...source, path: resolve(directory, source.path) } : source
  const { proxy, admin, store } = config
  return {
    ...config,
    proxy: {
      ...proxy,
      clients: proxy.clients.map((client) => ({ ...client, token: absolute(client.token) })),
    },
    admin: { ...admin, token: absolute(admin.token) },
    store: store && {
      ...store,
      directory: resolve(directory, store.directory),
      key: absolute(store.key),
    },
    credentials: config.credentials.map((credential) => ({
      ...credential,
      sources: {
        current: absolute(credential.sources.current),
        previous: absolute(credential.sources.previous),
      },
    })),
  }
}
