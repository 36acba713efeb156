import type { z } from 'zod'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Material } from '../kernel/material.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Provider } from '../kernel/ports/provider.ts'
import type { AllowRule, Route } from '../kernel/route.ts'
import type { SecretValue } from '../kernel/secret-value.ts'
import type { Connections } from '../calls/connections.ts'

/**
 * What a provider brings to the configuration. `Options` is what `keys` parses to. Methods take their options
 * bivariantly, so modules with different options fit into one catalog; only the module's own parsed options reach it.
 */
export interface ProviderModule<Options extends object = object> {
  /** The word behind `provider:`. */
  readonly name: string
  /**
   * The provider's own keys in a credential, such as its public name. Each key is checked by itself: a rule across
   * keys would be lost where the shape is joined with the keys that every credential has.
   */
  readonly keys: z.ZodObject
  /**
   * Further secrets of its own, by their key in a credential, such as a management token: `{ file: … }` or
   * `{ env: … }` like `secret`. Only what creates secrets may have any.
   */
  readonly secretKeys?: Readonly<Record<string, SecretKey<Options>>>
  /** The provider's name of the account; two credentials must not rotate the same one. Empty when there is none. */
  account(options: Options): string
  /** Public words for templates, such as `{ apiKey: 'a1b2c3d4' }`. */
  publicValues(options: Options): Readonly<Record<string, string>>
  /** Further secrets of the account that requests may need, such as private keys. Absent: there are none. */
  materials?(options: Options): readonly Material[]
  /** Talks to the provider's management API. Absent where somebody else rotates. */
  create?(options: Options, deps: ProviderDeps): Provider
}

/** A secret that a provider needs beside the one that it rotates. */
export interface SecretKey<Options extends object = object> {
  readonly description: string
  /** Whether a credential with these options is wrong without it. */
  isNeeded(options: Options): boolean
}

interface ProviderDeps {
  readonly clock: Clock
  readonly log: Log
  /** Those that all providers of the process share. */
  readonly connections: Connections
  /** One of `secretKeys`, read anew, since somebody else may rotate it; null where it is not given or not readable. */
  readonly readSecret: (key: string) => Promise<SecretValue | null>
}

/** What one `preset:` entry of `routes` says. */
interface PresetInput {
  /** Of the route: the path prefix without its slash, and the label in metrics. */
  readonly name: string
  readonly credentialIds: readonly string[]
  /** The parsed options of the credential's provider; a preset takes from them what it knows, such as base URLs. */
  readonly options: object
  readonly allow: readonly AllowRule[] | null
}

/** Routes that are known to Sidekey: hosts, placements, and how a refusal looks. */
export interface RoutePreset {
  /** The word behind `preset:`. */
  readonly name: string
  routes(input: PresetInput): readonly Route[]
}

/** Every provider and preset of this build; `src/catalog.ts` names them. */
export interface Catalog {
  readonly providers: readonly ProviderModule[]
  readonly presets: readonly RoutePreset[]
}
