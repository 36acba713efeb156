import type { Random } from '../../kernel/ports/random.ts'
import {
  type RestEmulator,
  type RestEmulatorOptions,
  startRestEmulator,
} from '../rest/start-rest-emulator.ts'
import { OktaApp } from './okta-app.ts'
import { OktaService } from './okta-service.ts'
import { OktaTokens } from './okta-tokens.ts'

export interface OktaEmulatorOptions extends RestEmulatorOptions {
  readonly appId: string
  readonly clientId: string
  /** One or two live secrets. */
  readonly secrets: readonly string[]
  /** What `Authorization: SSWS …` must hold. */
  readonly managementToken: string
  readonly random: Random
  /** Of the access tokens, in milliseconds; default 1 hour. */
  readonly tokenLifetimeMs?: number
}

/** A running Okta, and what an administrator can do to it. */
export interface OktaEmulator extends RestEmulator {
  /** Ends every access token at once. */
  revokeTokens(): void
}

/**
 * Starts a local Okta with one app: its client secrets, and its authorization server, and a resource that its tokens open.
 * @throws Error of `listen`, such as EADDRINUSE
 */
export async function startOktaEmulator(options: OktaEmulatorOptions): Promise<OktaEmulator> {
  const app = new OktaApp(options)
  const tokens = new OktaTokens(options)
  for (const value of options.secrets) app.create(value)
  const emulator = await startRestEmulator(new OktaService(app, tokens, options), options)
  return { ...emulator, revokeTokens: () => tokens.revokeAll() }
}
