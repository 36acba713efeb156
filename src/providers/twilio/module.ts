import { z } from 'zod'
import type { Provider } from '../../kernel/ports/provider.ts'
import { INSECURE_MESSAGE, isProtected, originSchema } from '../rest/origin-schema.ts'
import type { RestClientOptions } from '../rest/rest-client.ts'
import { createTwilioProvider } from './provider.ts'

/** Where the provider's own libraries send their calls; checked 2026-11-24. */
const REAL = { accounts: 'https://accounts.twilio.com', api: 'https://api.twilio.com' } as const

const baseUrlsSchema = z
  .strictObject({
    accounts: originSchema.optional(),
    api: originSchema.optional(),
    insecure: z.boolean().optional(),
  })
  .superRefine(({ insecure = false, ...urls }, context) => {
    for (const [alias, url] of Object.entries(urls)) {
      if (insecure || url === undefined || isProtected(url)) continue
      context.addIssue({ code: 'custom', path: [alias], message: INSECURE_MESSAGE })
    }
  })

/** The configuration keys of a credential of this provider, beside those that every credential has. */
const twilioKeys = z.strictObject({
  accountSid: z
    .string()
    .regex(/^AC[0-9a-fA-F]{32}$/, 'an account SID is AC and 32 hex digits')
    .meta({ description: 'The account, public; {accountSid} in templates.' }),
  /** Points the account elsewhere: tests, the emulator, a gateway. */
  baseUrls: baseUrlsSchema.optional(),
})

export type TwilioOptions = z.infer<typeof twilioKeys>

/** How the configuration names, reads and builds this provider. */
export const twilioModule = {
  name: 'twilio',
  keys: twilioKeys,
  account: (options: TwilioOptions): string => options.accountSid,
  publicValues: ({ accountSid }: TwilioOptions): Record<string, string> => ({ accountSid }),
  create: (
    { accountSid, baseUrls = {} }: TwilioOptions,
    { clock, connections }: RestClientOptions,
  ): Provider =>
    createTwilioProvider({
      account: accountSid,
      baseUrls: { accounts: baseUrls.accounts ?? REAL.accounts, api: baseUrls.api ?? REAL.api },
      clock,
      connections,
    }),
}
