import type { Provider } from '../../kernel/ports/provider.ts'
import type { SecretValue } from '../../kernel/secret-value.ts'
import type { RestClientOptions } from '../rest/rest-client.ts'
import { type HttpOptions, httpKeys } from './keys.ts'
import { createHttpProvider, mentionsInAuth } from './provider.ts'

/** A provider whose API the configuration describes: for a team whose provider Sidekey does not know. */
export const httpModule = {
  name: 'http',
  keys: httpKeys,
  secretKeys: {
    managementToken: {
      description: 'Authenticates management calls, as {managementToken}. Read at each call.',
      isNeeded: ({ api }: HttpOptions): boolean => mentionsInAuth(api, 'managementToken'),
    },
  },
  account: (options: HttpOptions): string => options.account,
  publicValues: ({ account }: HttpOptions): Record<string, string> => ({ account }),
  create: (
    options: HttpOptions,
    deps: RestClientOptions & {
      readonly readSecret: (key: string) => Promise<SecretValue | null>
    },
  ): Provider =>
    createHttpProvider({
      ...options,
      managementToken: () => deps.readSecret('managementToken'),
      clock: deps.clock,
      connections: deps.connections,
    }),
}
