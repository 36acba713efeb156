import { z } from 'zod'
import type { Provider } from '../../kernel/ports/provider.ts'
import type { SecretValue } from '../../kernel/secret-value.ts'
import { INSECURE_MESSAGE, isProtected, originSchema } from '../rest/origin-schema.ts'
import type { RestClientOptions } from '../rest/rest-client.ts'
import { createOktaProvider } from './provider.ts'

const idSchema = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,100}$/, 'an id has letters, digits, dots, hyphens and underscores only')

/** The configuration keys of a credential of this provider, beside those that every credential has. */
const oktaKeys = z.strictObject({
  orgUrl: originSchema
    .refine(isProtected, INSECURE_MESSAGE)
    .meta({ description: 'The organization, such as https://acme.okta.com.' }),
  clientId: idSchema.meta({ description: 'The app’s client id, public; {clientId} in templates.' }),
  appId: idSchema.optional().meta({ description: 'The app’s id. Default: the client id.' }),
  authorizationServer: idSchema.optional().meta({
    description:
      'The custom authorization server that probes ask. Default: the organization’s own.',
  }),
  clientAuthentication: z.enum(['basic', 'post']).default('basic').meta({
    description: 'Where the app’s token endpoint takes the secret: a Basic header, or the form.',
  }),
})

export type OktaOptions = z.infer<typeof oktaKeys>

/** How the configuration names, reads and builds this provider. */
export const oktaModule = {
  name: 'okta',
  keys: oktaKeys,
  /** The client secret itself may not manage the app's secrets. */
  secretKeys: {
    managementToken: {
      description: 'An API token (SSWS) that may manage the app’s secrets. Read at each call.',
      isNeeded: () => true,
    },
  },
  account: (options: OktaOptions): string => options.appId ?? options.clientId,
  publicValues: ({ clientId }: OktaOptions): Record<string, string> => ({ clientId }),
  create: (
    options: OktaOptions,
    deps: RestClientOptions & {
      readonly readSecret: (key: string) => Promise<SecretValue | null>
    },
  ): Provider =>
    createOktaProvider({
      ...options,
      appId: options.appId ?? options.clientId,
      managementToken: () => deps.readSecret('managementToken'),
      clock: deps.clock,
      connections: deps.connections,
    }),
}
