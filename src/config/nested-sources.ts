import type { LocalSource, RemoteSource } from '../kernel/secret-source.ts'

/** What a remote source logs in with, and below which keys of the file it stands. */
export interface NestedSource {
  readonly keys: readonly string[]
  readonly source: LocalSource
}

/** The local sources that a remote one names. */
export function nestedSources(source: RemoteSource): readonly NestedSource[] {
  if (source.kind === 'vault') {
    const { kind, token } = source.login
    const keys = kind === 'token' ? ['vault', 'token'] : ['vault', 'kubernetes', 'tokenFile']
    return [{ keys, source: token }]
  }
  if (source.credentials === null) return []
  const { secretAccessKey, sessionToken } = source.credentials
  const below = ['awsSecretsManager', 'credentials']
  const nested = [{ keys: [...below, 'secretAccessKey'], source: secretAccessKey }]
  if (sessionToken === null) return nested
  return [...nested, { keys: [...below, 'sessionToken'], source: sessionToken }]
}

/** The same remote source with others in their place. */
export function mapNestedSources(
  source: RemoteSource,
  map: (nested: LocalSource) => LocalSource,
): RemoteSource {
  if (source.kind === 'vault') {
    return { ...source, login: { ...source.login, token: map(source.login.token) } }
  }
  if (source.credentials === null) return source
  const { secretAccessKey, sessionToken } = source.credentials
  return {
    ...source,
    credentials: {
      ...source.credentials,
      secretAccessKey: map(secretAccessKey),
      sessionToken: sessionToken && map(sessionToken),
    },
  }
}
