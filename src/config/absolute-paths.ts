import { resolve } from 'node:path'
import { isLocal, type LocalSource, type SecretSource } from '../kernel/secret-source.ts'
import { mapNestedSources } from './nested-sources.ts'
import type { CredentialSources, SidekeyConfig } from './types.ts'

type Absolute = <Source extends LocalSource | null>(source: Source) => Source

/** Makes every path of the configuration absolute, from `directory` on; null leaves them as they are. */
export function absolutePaths(config: SidekeyConfig, directory: string | null): SidekeyConfig {
  if (directory === null) return config
  const absolute: Absolute = (source) =>
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
  absolute: Absolute,
): CredentialSources {
  const anywhere = (source: SecretSource): SecretSource =>
    isLocal(source) ? absolute(source) : mapNestedSources(source, absolute)
  const sources = {
    current: current && anywhere(current),
    previous: previous && anywhere(previous),
  }
  if (others === undefined) return sources
  const entries = Object.entries(others).map(([key, source]) => [key, anywhere(source)] as const)
  return { ...sources, others: Object.fromEntries(entries) }
}
