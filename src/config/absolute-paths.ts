import { resolve } from 'node:path'
import type { SecretSource } from './secret-source.ts'
import type { CredentialSources, SidekeyConfig } from './types.ts'

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
      caDirectory: proxy.caDirectory === null ? null : resolve(directory, proxy.caDirectory),
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
      sources: absoluteSources(credential.sources, absolute),
    })),
  }
}

function absoluteSources(
  { current, previous, others }: CredentialSources,
  absolute: <Source extends SecretSource | null>(source: Source) => Source,
): CredentialSources {
  const sources = { current: absolute(current), previous: absolute(previous) }
  if (others === undefined) return sources
  const entries = Object.entries(others).map(([key, source]) => [key, absolute(source)] as const)
  return { ...sources, others: Object.fromEntries(entries) }
}
