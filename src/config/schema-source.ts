import { z } from 'zod'
import type { AwsSource, LocalSource, VaultLogin, VaultSource } from '../kernel/secret-source.ts'
import { Refusal, scalar } from './refusal.ts'
import { parsePointer } from './route-words.ts'
import { environmentName, filePath } from './schema-words.ts'
import { DAY_MS, parseDuration } from './units.ts'
import { parseUpstreamUrl, URL_SECRET, type UpstreamUrl } from './upstream-url.ts'

const REFRESH_MIN_MS = 1_000
const KUBERNETES_TOKEN_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/** What is said of anything that is no source. It names no key: `{hunter2}` has the secret as a key. */
const NO_SOURCE = new Refusal(
  'does not say where the secret is',
  'write { file: /run/secrets/name } or { env: NAME }, never the secret itself',
)

const fileKeys = z.strictObject({
  file: filePath('A file; it loses one final newline. Watched where it changes.'),
  json: scalar(parsePointer, {
    description: 'Where the file is a JSON document: the text in it (RFC 6901).',
    examples: ['/password'],
  }).optional(),
})
const environmentKeys = z.strictObject({
  env: environmentName('An environment variable; a file is safer.'),
})

/** `{ file: … }` or `{ env: … }`: what a remote source itself needs. */
function localSource(description: string) {
  return z
    .union([fileKeys, environmentKeys], { error: NO_SOURCE.toString() })
    .transform(toLocal)
    .meta({ description })
}

const polledKeys = {
  version: z.enum(['current', 'previous']).default('current').meta({
    description: 'previous: the version before the current one. Default current.',
  }),
  refresh: scalar(parseRefresh, {
    description: 'How often it is looked at, in the background. 1s to 1d; default 1m.',
    pattern: '^[0-9]+(ms|s|m|h|d)$',
  }).prefault('1m'),
  insecure: z.boolean().default(false).meta({
    description: 'Accepts plain http that leaves this host. Default false.',
  }),
}

const vaultSource = z
  .strictObject({
    address: scalar(parseServer, {
      description: 'Of the server: scheme, host and port.',
      examples: ['https://vault.example:8200'],
    }),
    mount: scalar(parseSegments, { description: 'Of the KV engine. Default secret.' }).prefault(
      'secret',
    ),
    path: scalar(parseSegments, { description: 'Of the secret, below the mount, without data/.' }),
    key: scalar(parseKey, { description: 'Of the value in the secret.' }),
    namespace: scalar(parseSegments, { description: 'Default: none.' }).optional(),
    token: localSource('The token; a file may be replaced while Sidekey runs.').optional(),
    kubernetes: z
      .strictObject({
        role: scalar(parseKey, { description: 'Of the auth method.' }),
        mount: scalar(parseSegments, {
          description: 'Of the auth method. Default kubernetes.',
        }).prefault('kubernetes'),
        tokenFile: filePath('The service account’s token. Default: where a pod has it.').prefault(
          KUBERNETES_TOKEN_FILE,
        ),
      })
      .optional()
      .meta({ description: 'Logs in with the pod’s service account, instead of `token`.' }),
    ...polledKeys,
  })
  .transform((keys, context): VaultSource => {
    const { address, insecure, token, kubernetes, namespace = null, refresh, ...own } = keys
    const refuse = (refusal: Refusal, path: string[]) =>
      context.addIssue({ code: 'custom', message: refusal.toString(), path })
    if (address.plain && !insecure) refuse(PLAIN, ['address'])
    const login = loginOf(token, kubernetes)
    if (login !== null) {
      return {
        ...own,
        kind: 'vault',
        address: address.origin,
        namespace,
        login,
        refreshMs: refresh,
      }
    }
    if (token === undefined) refuse(NO_LOGIN, [])
    else refuse(TWO_LOGINS, ['token'])
    return z.NEVER
  })
  .meta({
    id: 'vaultSource',
    description: 'A secret in the KV engine, version 2, of Vault or OpenBao.',
  })

const awsSource = z
  .strictObject({
    secretId: scalar(parseSecretId, { description: 'Name or ARN of the secret.' }),
    region: scalar(parseRegion, { description: 'Of the secret.', examples: ['eu-central-1'] }),
    key: scalar(parseKey, {
      description: 'Of the value, where the secret is a JSON object. Default: the whole text.',
    }).optional(),
    endpoint: scalar(parseServer, {
      description: 'Scheme, host and port. Default: the region’s own.',
    }).optional(),
    credentials: z
      .strictObject({
        accessKeyId: scalar(parseAccessKeyId, { description: 'Public.' }),
        secretAccessKey: localSource('The secret access key.'),
        sessionToken: localSource('Of temporary credentials.').optional(),
      })
      .optional()
      .meta({
        description: 'Keys of a user. Default: environment, web identity (IRSA) or container role.',
      }),
    ...polledKeys,
  })
  .transform((keys, context): AwsSource => {
    const { endpoint, insecure, credentials, key = null, refresh, ...own } = keys
    if (endpoint?.plain === true && !insecure) {
      context.addIssue({ code: 'custom', message: PLAIN.toString(), path: ['endpoint'] })
    }
    return {
      ...own,
      kind: 'aws-secrets-manager',
      key,
      endpoint: endpoint?.origin ?? null,
      credentials: credentials
        ? { ...credentials, sessionToken: credentials.sessionToken ?? null }
        : null,
      refreshMs: refresh,
    }
  })
  .meta({ id: 'awsSource', description: 'A secret in AWS Secrets Manager.' })

/** Where a secret is: a file, a variable, or a server. */
export function secretSource(description: string) {
  const remote = [
    z.strictObject({ vault: vaultSource }).transform(({ vault }) => vault),
    z.strictObject({ awsSecretsManager: awsSource }).transform((keys) => keys.awsSecretsManager),
  ] as const
  const local = [fileKeys.transform(toLocal), environmentKeys.transform(toLocal)] as const
  return z
    .union([...local, ...remote], {
      // What is wrong inside a source that is meant is said there.
      error: ({ input }) => (saysWhere(input) ? undefined : NO_SOURCE.toString()),
    })
    .meta({ description })
}

const PLAIN = new Refusal(
  'is plain http that leaves this host',
  'write https, or add `insecure: true` where the network itself is safe',
)
const NO_LOGIN = new Refusal('has no way to log in', 'add `token`, or `kubernetes` with its `role`')
const TWO_LOGINS = new Refusal('stands beside `kubernetes`', 'keep one of the two')

function saysWhere(input: unknown): boolean {
  if (typeof input !== 'object' || input === null) return false
  return ['json', 'vault', 'awsSecretsManager'].some((key) => Object.hasOwn(input, key))
}

function toLocal(
  written: z.output<typeof fileKeys> | z.output<typeof environmentKeys>,
): LocalSource {
  if ('env' in written) return { kind: 'env', name: written.env }
  const { file: path, json } = written
  return json === undefined ? { kind: 'file', path } : { kind: 'file', path, json }
}

interface KubernetesKeys {
  readonly role: string
  readonly mount: string
  readonly tokenFile: string
}

/** Null for none, and for two. */
function loginOf(
  token: LocalSource | undefined,
  kubernetes: KubernetesKeys | undefined,
): VaultLogin | null {
  if (kubernetes === undefined) return token === undefined ? null : { kind: 'token', token }
  if (token !== undefined) return null
  const { tokenFile: path, ...keys } = kubernetes
  return { ...keys, kind: 'kubernetes', token: { kind: 'file', path } }
}

function parseServer(text: string): UpstreamUrl | Refusal {
  const url = parseUpstreamUrl(text)
  if (!(url instanceof Refusal) || url === URL_SECRET) return url
  return new Refusal(
    'is no address of a server',
    'write scheme, host and port only, such as https://vault.example:8200',
  )
}

/** Such as `team/partner`: no empty segment, and none that a URL parser folds. */
function parseSegments(text: string): string | Refusal {
  return /^[\x20-\x7e]{1,512}$/.test(text) &&
    text.split('/').every((segment) => !/^\.{0,2}$/.test(segment))
    ? text
    : new Refusal('is no path on the server', 'write it without slashes around it: team/partner')
}

function parseKey(text: string): string | Refusal {
  return text.length > 0 && text.length <= 512
    ? text
    : new Refusal('is no name', 'write 1 to 512 characters')
}

function parseSecretId(text: string): string | Refusal {
  return /^[\w/+=.@!:-]{1,2048}$/.test(text)
    ? text
    : new Refusal('is no name and no ARN of a secret', 'copy it from the console')
}

function parseRegion(text: string): string | Refusal {
  return /^[a-z]{2,4}(-[a-z]{2,16}){1,3}-\d{1,2}$/.test(text)
    ? text
    : new Refusal('is no region', 'write a region such as eu-central-1')
}

function parseAccessKeyId(text: string): string | Refusal {
  return /^\w{16,128}$/.test(text)
    ? text
    : new Refusal('is no access key id', 'write the public half, such as AKIA…')
}

function parseRefresh(text: string): number | Refusal {
  const ms = parseDuration(text)
  if (ms instanceof Refusal || (ms >= REFRESH_MIN_MS && ms <= DAY_MS)) return ms
  return new Refusal('is below a second or above a day', 'write 1s to 1d, such as 1m')
}
