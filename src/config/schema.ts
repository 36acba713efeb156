import { z } from 'zod'
import { HELD_BODIES_MAX_BYTES } from '../kernel/limits.ts'
import { parseListenAddress, parseTcpAddress } from './listen-address.ts'
import type { Catalog } from './provider-module.ts'
import { Refusal, scalar } from './refusal.ts'
import { credentialSchema } from './schema-credential.ts'
import { explicitRoute, presetRoute } from './schema-route.ts'
import { environmentName, filePath, NAME_PATTERN, nameOf } from './schema-words.ts'
import { parseSize } from './units.ts'

/** `log:` */
export const logSchema = z
  .strictObject({
    level: z
      .enum(['debug', 'info', 'warn', 'error'])
      .default('info')
      .meta({ description: 'The least important event that is logged. Default info.' }),
  })
  .meta({ description: 'What is logged, as JSON on stdout.' })

const connectSchema = z
  .strictObject({
    intercept: z.boolean().default(false).meta({
      description:
        'Ends TLS to hosts of routes, under a local authority that clients must trust. Default false.',
    }),
    unrouted: z.enum(['refuse', 'tunnel']).default('refuse').meta({
      description:
        'Hosts without a route: refused, or connected through untouched, on port 443. Default refuse.',
    }),
  })
  .meta({ description: 'What CONNECT gets, for HTTPS_PROXY.' })

const tlsSchema = z
  .strictObject({
    listen: scalar(parseListenAddress, {
      description: 'A further listener, with TLS by name for hosts of routes.',
      examples: ['127.0.0.1:443'],
    }),
  })
  .meta({ description: 'For clients that know neither a base URL nor a proxy.' })

const caSchema = z
  .strictObject({
    directory: filePath(
      'Of the local authority: key, certificate, trust bundles. Default: ca, below the store’s directory.',
    ).optional(),
  })
  .meta({ description: 'The local authority, made where `intercept` or `tls` needs it.' })

/** `proxy:` */
export const proxySchema = z
  .strictObject({
    listen: scalar(parseListenAddress, {
      description:
        'Address or unix socket of the proxy. Loopback only, unless `clients` are named.',
      examples: ['127.0.0.1:8080', 'unix:/run/sidekey/proxy.sock'],
    }).prefault('127.0.0.1:8080'),
    replayBodyMax: scalar(parseReplayBodyMax, {
      description: 'Bodies up to this size can be sent again and written into. Default 1MiB.',
      pattern: '^[0-9]+(B|KiB|MiB)$',
    }).prefault('1MiB'),
    workers: z.int().min(1).max(64).default(1).meta({
      description:
        'Processes that serve requests. Above 1, one more rotates and has the admin port. Default 1.',
    }),
    clients: z
      .array(
        z.strictObject({
          name: nameOf('Who it is, for logs.'),
          tokenFile: filePath('The token that the client sends.'),
          routes: z
            .array(nameOf('Name of a route.'))
            .min(1)
            .optional()
            .meta({ description: 'The routes that it may use. Default: all.' }),
        }),
      )
      .default([])
      .meta({ description: 'Who may use the proxy. Default: whoever reaches it.' }),
    forward: z.boolean().default(false).meta({
      description: 'Takes absolute targets, for HTTP_PROXY; only hosts of routes. Default false.',
    }),
    connect: connectSchema.prefault({}),
    tls: tlsSchema.optional(),
    ca: caSchema.prefault({}),
  })
  .meta({ description: 'The listener that apps send to.' })

/** `admin:` */
export const adminSchema = z
  .strictObject({
    listen: scalar(parseTcpAddress, {
      description: 'Health, metrics, status page and admin API. May be a pod address.',
      examples: ['127.0.0.1:9901', '0.0.0.0:9901'],
    }).prefault('127.0.0.1:9901'),
    tokenFile: filePath('The bearer token of the admin API. Without it the API is off.').optional(),
  })
  .meta({ description: 'The listener of operators and probes.' })

/** `store:` */
export const storeSchema = z
  .strictObject({
    type: z.literal('file').default('file').meta({ description: 'Default file.' }),
    directory: filePath('Of Sidekey’s own, mode 0700. It must outlive the process.'),
    keyFile: filePath('32 bytes as base64 or hex, made by: openssl rand -base64 32').optional(),
    keyEnv: environmentName('Instead of `keyFile`; a file is safer.').optional(),
  })
  .meta({ description: 'Where rotation records live, encrypted.' })

/** One entry of `credentials`, told by its `provider`. */
export function anyCredentialSchema(catalog: Catalog) {
  const [first, ...others] = catalog.providers.map(credentialSchema)
  if (first === undefined) throw new Error('a catalog names at least one provider')
  return z.discriminatedUnion('provider', [first, ...others])
}

/** One entry of `routes`. */
function anyRouteSchema(catalog: Catalog) {
  const names = catalog.presets.map((preset) => preset.name)
  return names.length === 0 ? explicitRoute : z.union([presetRoute(names), explicitRoute])
}

/** The whole file, for editors; the loader reads it section by section. */
export function configSchema(catalog: Catalog) {
  return z
    .strictObject({
      version: z.literal(1).optional().meta({ description: 'Of this format. Default 1.' }),
      log: logSchema.optional(),
      proxy: proxySchema.optional(),
      admin: adminSchema.optional(),
      store: storeSchema.optional(),
      credentials: z
        .record(z.string().regex(NAME_PATTERN), anyCredentialSchema(catalog))
        .optional()
        .meta({ description: 'Accounts and where their secrets come from, by name.' }),
      routes: z
        .array(anyRouteSchema(catalog))
        .optional()
        .meta({ description: 'Where requests go, and which credential they get.' }),
    })
    .meta({ title: 'Sidekey', description: 'Configuration of the Sidekey credential proxy.' })
}

function parseReplayBodyMax(text: string): number | Refusal {
  const bytes = parseSize(text)
  return bytes instanceof Refusal || bytes <= HELD_BODIES_MAX_BYTES
    ? bytes
    : new Refusal('is more than all held bodies together may take', 'write at most 64MiB')
}
