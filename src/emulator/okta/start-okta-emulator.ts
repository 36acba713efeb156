import type { Random } from '../../kernel/ports/random.ts'
import {
  type RestEmulator,
  type RestEmulatorOptions,
  startRestEmulator,
} from '../rest/start-rest-emulator.ts'
import { OktaApp } from './okta-app.ts'
import { OktaService } from './okta-service.ts'

export interface OktaEmulatorOptions extends RestEmulatorOptions {
  readonly appId: string
  readonly clientId: string
  /** One or two live secrets. */
  readonly secrets: readonly string[]
  /** What `Authorization: SSWS …` must hold. */
  readonly managementToken: string
  readonly random: Random
}

/**
 * Starts a local Okta with one app: its client secrets, and the endpoint that tells whether a secret authenticates it.
 * @throws Error of `listen`, such as EADDRINUSE
 */
export function startOktaEmulator(options: OktaEmulatorOptions): Promise<RestEmulator> {
  const app = new OktaApp(options)
  for (const value of options.secrets) app.create(value)
  return startRestEmulator(new OktaService(app, options), options)
}
