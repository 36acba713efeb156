import { join } from 'node:path'
import type { Findings } from './findings.ts'
import { Refusal } from './refusal.ts'
import type { Content } from './check-content.ts'
import { adminSchema, logSchema, proxySchema, storeSchema } from './schema.ts'
import type { AdminConfig, LogConfig, ProxyConfig, StoreConfig } from './types.ts'
import { parsePart } from './zod-issues.ts'

/** Everything but credentials and routes. */
export interface Sections {
  readonly log: LogConfig
  readonly proxy: ProxyConfig
  readonly admin: AdminConfig
  readonly store: StoreConfig | null
}

/** Reads `log:`, `proxy:`, `admin:` and `store:`. What is wrong lands in `findings`, and defaults stand in for it. */
export function resolveSections(
  content: Pick<Content, 'log' | 'proxy' | 'admin' | 'store'>,
  findings: Findings,
): Sections {
  const log = parsePart(logSchema, content.log ?? {}, ['log'], findings)
  const store = content.store === null ? null : resolveStore(content.store, findings)
  const proxy = resolveProxy(content.proxy ?? {}, store, findings)
  const admin = resolveAdmin(content.admin ?? {}, findings)
  // One that has errors of its own is no reason for another.
  if (content.store === null) checkAuthority(proxy, findings)
  return { log: log ?? logSchema.parse({}), proxy, admin, store }
}

function resolveProxy(
  content: unknown,
  store: StoreConfig | null,
  findings: Findings,
): ProxyConfig {
  const parsed = parsePart(proxySchema, content, ['proxy'], findings)
  const keys = parsed ?? proxySchema.parse({})
  const { listen, replayBodyMax, workers, clients, forward, connect, tls, ca } = keys
  clients.forEach(({ name }, index) => {
    if (clients.findIndex((other) => other.name === name) === index) return
    findings.error(
      ['proxy', 'clients', index, 'name'],
      new Refusal('is the name of an earlier client', 'give each client its own name'),
    )
  })
  return {
    listen,
    replayBodyMaxBytes: replayBodyMax,
    workers,
    clients: clients.map(({ name, tokenFile, routes }) => ({
      name,
      token: { kind: 'file', path: tokenFile },
      routes: routes ?? null,
    })),
    forward,
    connect,
    tlsListen: tls?.listen ?? null,
    caDirectory:
      connect.intercept || tls !== undefined
        ? (ca.directory ?? join(store?.directory ?? '', 'ca'))
        : null,
  }
}

/** The key of the authority is kept under the key of the store. */
function checkAuthority({ connect, tlsListen }: ProxyConfig, findings: Findings): void {
  if (!connect.intercept && tlsListen === null) return
  findings.error(
    ['proxy', ...(connect.intercept ? ['connect', 'intercept'] : ['tls'])],
    new Refusal(
      'needs a local authority, whose key is encrypted with the key of the store',
      'add `store` with `directory` and `keyFile`',
    ),
  )
}

function resolveAdmin(content: unknown, findings: Findings): AdminConfig {
  const parsed = parsePart(adminSchema, content, ['admin'], findings)
  if (parsed?.tokenFile === undefined && parsed !== null) {
    findings.warn(
      ['admin'],
      new Refusal('has no `tokenFile`, so the API is off', 'add `tokenFile` to rotate by command'),
    )
  }
  const { listen, tokenFile } = parsed ?? adminSchema.parse({})
  return { listen, token: tokenFile === undefined ? null : { kind: 'file', path: tokenFile } }
}

function resolveStore(content: unknown, findings: Findings): StoreConfig | null {
  const parsed = parsePart(storeSchema, content, ['store'], findings)
  if (parsed === null) return null
  const { type, directory, keyFile, keyEnv } = parsed
  if (keyFile !== undefined && keyEnv !== undefined) {
    const refusal = new Refusal('stands beside `keyFile`', 'keep `keyFile`, it is safer')
    findings.error(['store', 'keyEnv'], refusal)
  }
  if (keyFile !== undefined) return { type, directory, key: { kind: 'file', path: keyFile } }
  if (keyEnv !== undefined) return { type, directory, key: { kind: 'env', name: keyEnv } }
  findings.error(
    ['store'],
    new Refusal('has no key', 'add `keyFile`; make one with: openssl rand -base64 32'),
  )
  return null
}
