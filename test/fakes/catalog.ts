import { z } from 'zod'
import type { Catalog, ProviderModule, RoutePreset } from '../../src/config/provider-module.ts'
import type { Provider, VerifyAnswer } from '../../src/kernel/ports/provider.ts'
import type { SecretValue } from '../../src/kernel/secret-value.ts'

interface AcmeOptions {
  readonly apiKey: string
  readonly baseUrls?: { readonly api?: string | undefined } | undefined
}

/** A provider that rotates, with a public name and a base URL. */
export function acmeModule(
  verify: (value: SecretValue) => VerifyAnswer = () => ({ kind: 'accepted' }),
): ProviderModule<AcmeOptions> {
  return {
    name: 'acme',
    keys: z.strictObject({
      apiKey: z.string().min(4, 'an API key has at least 4 characters'),
      baseUrls: z.strictObject({ api: z.string().optional() }).optional(),
    }),
    account: ({ apiKey }) => apiKey,
    publicValues: ({ apiKey }) => ({ apiKey }),
    create: () => new FakeProvider(verify),
  }
}

/** A provider that only verifies; whoever lets it change something has a bug. */
class FakeProvider implements Provider {
  readonly traits = {
    model: 'list',
    valueSource: 'client',
    secretsMin: 1,
    secretsMax: 2,
    deactivateBeforeRevoke: false,
    selfManaged: true,
    propagationMaxMs: 1_000,
    valueRule: { length: 8, alphabet: 'ab', classes: [] },
  } as const
  readonly #verify: (value: SecretValue) => VerifyAnswer

  constructor(verify: (value: SecretValue) => VerifyAnswer) {
    this.#verify = verify
  }

  list(): never {
    throw new Error('check must not list')
  }
  create(): never {
    throw new Error('check must not create')
  }
  revoke(): never {
    throw new Error('check must not revoke')
  }
  async verify(value: SecretValue): Promise<VerifyAnswer> {
    return this.#verify(value)
  }
  async close(): Promise<void> {}
}

/** A provider whose secrets somebody else rotates. */
const mountedModule: ProviderModule = {
  name: 'mounted',
  keys: z.strictObject({}),
  account: () => '',
  publicValues: () => ({}),
}

/** Two hosts, one of them movable; both write `{apiKey}` and `{secret}`. */
const acmePreset: RoutePreset = {
  name: 'acme',
  routes: ({ name, credentialIds, options, allow }) =>
    (['api', 'rest'] as const).map((alias) => ({
      name,
      pathPrefix: `/${name}/${alias}`,
      hosts: [`${alias}.acme.example`],
      upstream: { origin: originOf(alias, options), insecure: false },
      credentialIds,
      allow,
      endpoints: [
        {
          paths: ['/**'],
          inject: [{ kind: 'basic', username: '{apiKey}', password: '{secret}' }],
          authFailure: [{ status: 401 }],
        },
      ],
    })),
}

function originOf(alias: 'api' | 'rest', options: AcmeOptions | object): string {
  const moved = 'baseUrls' in options && alias === 'api' ? options.baseUrls?.api : undefined
  return moved ?? `https://${alias}.acme.example`
}

/** A catalog without any real provider. */
export const fakeCatalog: Catalog = {
  providers: [acmeModule(), mountedModule],
  presets: [acmePreset],
}
