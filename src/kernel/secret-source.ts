/** Where a secret is read from. What says it is public; what it leads to is not. */
export type SecretSource = LocalSource | RemoteSource

/** On this machine: read in an instant, and watched where it changes. */
export type LocalSource =
  | {
      readonly kind: 'file'
      readonly path: string
      /** RFC 6901 pointer to a text in a JSON document, such as `/password`; absent: the whole file. */
      readonly json?: string
    }
  | { readonly kind: 'env'; readonly name: string }

/** On a server: read at the start, then looked at again in the background, never while a request waits. */
export type RemoteSource = VaultSource | AwsSource

interface Polled {
  /** Which of the versions that the server keeps. Default `current`. */
  readonly version: 'current' | 'previous'
  /** Between two looks, in milliseconds. 1 s to 1 day; default 1 minute. */
  readonly refreshMs: number
}

/** A key of a secret in Vault's or OpenBao's KV engine, version 2. */
export interface VaultSource extends Polled {
  readonly kind: 'vault'
  /** Scheme, host and port. */
  readonly address: string
  /** Of the engine, without slashes around it. Default `secret`. */
  readonly mount: string
  /** Of the secret below the mount, without `data/`. */
  readonly path: string
  readonly key: string
  /** Null: none is sent. */
  readonly namespace: string | null
  readonly login: VaultLogin
}

/** How a token is got. */
export type VaultLogin =
  | { readonly kind: 'token'; readonly token: LocalSource }
  | {
      readonly kind: 'kubernetes'
      readonly role: string
      /** Of the auth method. Default `kubernetes`. */
      readonly mount: string
      /** The service account's token. */
      readonly token: LocalSource
    }

/** A secret in AWS Secrets Manager. */
export interface AwsSource extends Polled {
  readonly kind: 'aws-secrets-manager'
  /** Its name or ARN. */
  readonly secretId: string
  readonly region: string
  /** Of the JSON object that the secret is; null: the whole text. */
  readonly key: string | null
  /** Scheme, host and port; null: the region's own. */
  readonly endpoint: string | null
  /** Null: what the platform gives (environment, web identity, container). */
  readonly credentials: AwsCredentialSources | null
}

/** Keys of an IAM user. */
export interface AwsCredentialSources {
  readonly accessKeyId: string
  readonly secretAccessKey: LocalSource
  readonly sessionToken: LocalSource | null
}

/** Whether it is on this machine. */
export function isLocal(source: SecretSource): source is LocalSource {
  return source.kind === 'file' || source.kind === 'env'
}
