import { z } from 'zod'
import type { Provider } from '../../kernel/ports/provider.ts'
import type { Material } from '../../kernel/material.ts'
import type { RestClientOptions } from '../rest/rest-client.ts'
import { resolveBaseUrls } from './host-urls.ts'
import { APPLICATIONS, SIGNATURE } from './materials.ts'
import { createVonageProvider } from './provider.ts'

/** `:` would end the user name of Basic authentication. Keys have 8 hex digits today; no alphabet is promised. */
const apiKeySchema = z
  .string()
  .min(8, 'an API key has at least 8 characters')
  .max(32, 'an API key has at most 32 characters')
  .regex(/^[!-9;-~]*$/, "an API key has visible ASCII characters only, without ':'")

const originSchema = z
  .string()
  .refine(isOrigin, 'must be https:// or http:// with host and port, without path, query or user')

const baseUrlsSchema = z
  .strictObject({
    api: originSchema.optional(),
    rest: originSchema.optional(),
    video: originSchema.optional(),
    eu: originSchema.optional(),
    insecure: z.boolean().optional(),
  })
  .superRefine(({ insecure = false, ...urls }, context) => {
    for (const [alias, url] of Object.entries(urls)) {
      if (insecure || url === undefined || !isOrigin(url) || isProtected(url)) continue
      const message = 'plain http is accepted on loopback only; use https or set insecure: true'
      context.addIssue({ code: 'custom', path: [alias], message })
    }
  })

const secretFileSchema = z.union([
  z.strictObject({ file: z.string().min(1) }),
  z.strictObject({ env: z.string().min(1) }),
])

const applicationsSchema = z
  .array(
    z.strictObject({
      id: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,64}$/, 'an application id has letters, digits and hyphens only')
        .meta({ description: 'The application, public: {applicationId} in templates.' }),
      privateKeyFile: z.string().min(1).meta({ description: 'Its private key in PEM. Watched.' }),
    }),
  )
  .min(1)
  .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, {
    message: 'an application stands twice; keep one of them',
  })
  .meta({
    description: 'Whose tokens are minted, for Voice, Messages, Video and all that takes tokens.',
  })

const signatureSchema = z
  .strictObject({
    secret: secretFileSchema.meta({
      description: 'The signature secret, which is not the API secret. A file is watched.',
    }),
    algorithm: z.enum(['md5hash', 'md5', 'sha1', 'sha256', 'sha512']).default('md5hash').meta({
      description: 'As the account is set up. Default md5hash.',
    }),
  })
  .meta({ description: 'For signed SMS requests: `sig` instead of the API secret.' })

/** The configuration keys of a credential of this provider, beside those that every credential has. */
const vonageKeys = z.strictObject({
  apiKey: apiKeySchema,
  /** Points the account, and the presets that use it, elsewhere: tests, the emulator, a gateway. */
  baseUrls: baseUrlsSchema.optional(),
  applications: applicationsSchema.optional(),
  signature: signatureSchema.optional(),
})

export type VonageOptions = z.infer<typeof vonageKeys>

/** How the configuration names, reads and builds this provider. */
export const vonageModule = {
  name: 'vonage',
  keys: vonageKeys,
  /** The provider's own name of the account; a record is bound to it. */
  account: (options: VonageOptions): string => options.apiKey,
  /** Words for templates such as `{apiKey}`; none of them is a secret. */
  publicValues: (options: VonageOptions): Record<string, string> => ({ apiKey: options.apiKey }),
  materials: ({ apiKey, applications = [], signature }: VonageOptions): readonly Material[] => [
    ...applications.map(({ id, privateKeyFile }, index): Material => ({
      name: APPLICATIONS,
      id: `${APPLICATIONS}/${id}`,
      path: [APPLICATIONS, index, 'privateKeyFile'],
      publicValues: { apiKey, applicationId: id },
      source: { kind: 'file', path: privateKeyFile },
      privateKey: 'RS256',
    })),
    ...(signature === undefined ? [] : [signatureMaterial(apiKey, signature)]),
  ],
  create: (options: VonageOptions, { clock, connections }: RestClientOptions): Provider =>
    createVonageProvider({
      account: options.apiKey,
      baseUrls: resolveBaseUrls(options.baseUrls),
      clock,
      connections,
    }),
}

function signatureMaterial(
  apiKey: string,
  { secret, algorithm }: z.infer<typeof signatureSchema>,
): Material {
  return {
    name: SIGNATURE,
    id: SIGNATURE,
    path: [SIGNATURE, 'secret'],
    publicValues: { apiKey, signatureAlgorithm: algorithm },
    source:
      'file' in secret ? { kind: 'file', path: secret.file } : { kind: 'env', name: secret.env },
    privateKey: null,
  }
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return false
  return url.href === `${url.origin}/` && url.hostname !== ''
}

/** The secret travels over TLS, or never leaves the machine. */
function isProtected(text: string): boolean {
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}
