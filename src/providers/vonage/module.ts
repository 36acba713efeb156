import { z } from 'zod'
import type { Clock } from '../../kernel/ports/clock.ts'
import type { Log } from '../../kernel/ports/log.ts'
import type { Provider } from '../../kernel/ports/provider.ts'
import { resolveBaseUrls } from './host-urls.ts'
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

/** The configuration keys of a credential of this provider, beside those that every credential has. */
const vonageKeys = z.strictObject({
  apiKey: apiKeySchema,
  /** Points the account, and the presets that use it, elsewhere: tests, the emulator, a gateway. */
  baseUrls: baseUrlsSchema.optional(),
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
  create: (
    options: VonageOptions,
    deps: { readonly clock: Clock; readonly log: Log },
  ): Provider & { close(): Promise<void> } =>
    createVonageProvider({
      account: options.apiKey,
      baseUrls: resolveBaseUrls(options.baseUrls),
      clock: deps.clock,
    }),
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
