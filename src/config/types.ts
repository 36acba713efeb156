import type { Material } from '../kernel/material.ts'
import type { RotationPolicy } from '../kernel/policy.ts'
import type { Route } from '../kernel/route.ts'
import type { LocalSource, SecretSource } from '../kernel/secret-source.ts'
import type { JwtAlgorithm } from '../kernel/signing.ts'
import type { ListenAddress, TcpAddress } from './listen-address.ts'

/** A whole configuration: defaults filled in, references checked, presets expanded. It holds no secret. */
export interface SidekeyConfig {
  readonly log: LogConfig
  readonly proxy: ProxyConfig
  readonly admin: AdminConfig
  /** Null only when nothing rotates. */
  readonly store: StoreConfig | null
  /** In the order of the file; ids are unique. */
  readonly credentials: readonly CredentialConfig[]
  /** In the order of the file; a preset expands into several, which share a name. */
  readonly routes: readonly Route[]
}

type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface LogConfig {
  readonly level: LogLevel
}

export interface ProxyConfig {
  /** Loopback or a unix socket, unless `clients` are named. Default `127.0.0.1:8080`. */
  readonly listen: ListenAddress
  /** Bodies up to this size are held for a replay or an injection, in bytes. 1 to 64 MiB; default 1 MiB. */
  readonly replayBodyMaxBytes: number
  /** Processes that serve requests, 1 to 64; default 1. Above 1, one more process rotates and has the admin port. */
  readonly workers: number
  /** Who may use the proxy; empty: whoever reaches it. */
  readonly clients: readonly ClientConfig[]
  /** Whether it is a forward proxy too, for hosts of routes. Default false. */
  readonly forward: boolean
  readonly connect: ConnectConfig
  /** A further listener that speaks TLS, for hosts of routes by name; null: none. */
  readonly tlsListen: ListenAddress | null
  /** Where the local authority lives; null: nothing needs one. Default: `ca` below the directory of the store. */
  readonly caDirectory: string | null
}

/** What CONNECT gets. */
export interface ConnectConfig {
  /** Whether TLS to hosts of routes ends here. Default false. */
  readonly intercept: boolean
  /** Hosts without a route: refused (default), or connected through untouched. */
  readonly unrouted: 'refuse' | 'tunnel'
}

interface ClientConfig {
  readonly name: string
  readonly token: LocalSource
  /** Names of the routes that it may use; null: all of them. */
  readonly routes: readonly string[] | null
}

export interface AdminConfig {
  /** Default `127.0.0.1:9901`. */
  readonly listen: TcpAddress
  /** Null: the API is off; health and metrics stay open. */
  readonly token: LocalSource | null
}

/** Where rotation records live, encrypted. */
export interface StoreConfig {
  readonly type: 'file'
  readonly directory: string
  /** 32 bytes as base64 or hex; `readStoreKey` reads it. */
  readonly key: LocalSource
}

export interface CredentialConfig extends Credential {
  /**
   * Whether a route writes the secret into a header as it is, so that it must be visible ASCII. Pass it to
   * `readSecretSource`, at the start and on every later read.
   */
  readonly fitsHeader: boolean
  /** The secret is a private key in PEM for this algorithm; null or absent: a text. */
  readonly privateKey?: JwtAlgorithm | null
  /** Where a further secret of another credential stands in the file; absent for an entry of its own. */
  readonly writtenAt?: readonly (string | number)[]
}

/** What a credential is, whatever the routes do with it. */
export interface Credential {
  readonly id: string
  /** The name of its module in the catalog. */
  readonly providerName: string
  /** What the module's `keys` parsed to; only that module knows its shape. */
  readonly options: object
  /** The provider's name of the account; empty when there is none. */
  readonly account: string
  /** Public words for templates, such as `{ apiKey: 'a1b2c3d4' }`. */
  readonly publicValues: Readonly<Record<string, string>>
  readonly sources: CredentialSources
  /** Further secrets of the account; absent: none. */
  readonly materials?: readonly Material[]
  /** The credential that manages this account, such as its primary's; null: it manages itself. */
  readonly managedBy: string | null
  /** Null: somebody else rotates it, and its sources are watched. */
  readonly rotation: RotationPolicy | null
}

export interface CredentialSources {
  /**
   * `secret` or `current` of the file. With a rotation it is used until the first one. Null only with `managedBy` and a
   * rotation: the manager makes the account's first secret.
   */
  readonly current: SecretSource | null
  /** Only where somebody else rotates. It may be missing between two rotations. */
  readonly previous: SecretSource | null
  /** The provider's own `secretKeys` that are given, by key; missing where there are none. */
  readonly others?: Readonly<Record<string, SecretSource>>
}
