import {
  type RestEmulator,
  type RestEmulatorOptions,
  startRestEmulator,
} from '../rest/start-rest-emulator.ts'
import type { Random } from '../../kernel/ports/random.ts'
import { TwilioService } from './twilio-service.ts'

export interface TwilioEmulatorOptions extends RestEmulatorOptions {
  readonly account: string
  /** The account's first auth token. */
  readonly token: string
  readonly random: Random
}

/**
 * Starts a local Twilio with one account: its auth tokens, and the account resource that a token may read.
 * @throws Error of `listen`, such as EADDRINUSE
 */
export function startTwilioEmulator(options: TwilioEmulatorOptions): Promise<RestEmulator> {
  return startRestEmulator(new TwilioService(options), options)
}
