import { type RemoteSource, type VaultSource } from '../kernel/secret-source.ts'
import { AwsCredentials } from './aws/aws-credentials.ts'
import { AwsFetcher } from './aws/aws-fetcher.ts'
import { HttpClient } from './http-client.ts'
import type { FetcherDeps, SecretFetcher } from './secret-fetcher.ts'
import { VaultFetcher } from './vault/vault-fetcher.ts'
import { VaultSession } from './vault/vault-session.ts'

/** The fetchers of some sources, and what they share: connections, and one login per server. */
export interface Fetchers {
  /** In the order of the sources. */
  readonly fetchers: readonly SecretFetcher[]
  close(): Promise<void>
}

/** Makes a fetcher for each source; calls nobody yet. */
export function openFetchers(sources: readonly RemoteSource[], deps: FetcherDeps): Fetchers {
  const http = new HttpClient(deps.clock)
  const sessions = new Map<string, VaultSession>()
  const sessionOf = (source: VaultSource): VaultSession => {
    const { address, namespace, login } = source
    const key = JSON.stringify([address, namespace, login])
    const session = sessions.get(key) ?? new VaultSession(source, http, deps)
    sessions.set(key, session)
    return session
  }
  const accounts = new Map<string, AwsCredentials>()
  return {
    fetchers: sources.map((source) => {
      if (source.kind === 'vault') return new VaultFetcher(source, sessionOf(source))
      const key = JSON.stringify([source.region, source.credentials])
      const account = accounts.get(key) ?? new AwsCredentials(source, http, deps)
      accounts.set(key, account)
      return new AwsFetcher(source, account, http, deps)
    }),
    close: () => http.close(),
  }
}
