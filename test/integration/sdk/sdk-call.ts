import type { Vonage } from '@vonage/server-sdk'
import { expect } from 'vitest'

/** One call of the official SDK, and what shows that it has succeeded. */
export interface SdkCall {
  readonly name: string
  /** As the emulator names it. */
  readonly operation: string
  /** By a client that signs tokens: it has no other way to call this API. */
  readonly signed?: true
  /** What must have happened before; its answer is handed to `call`. */
  readonly prepare?: (vonage: Vonage) => Promise<string>
  readonly call: (vonage: Vonage, prepared: string) => Promise<unknown>
  readonly expected: unknown
}

export const NUMBER = '447700900001'

export const containing = (members: object): unknown => expect.objectContaining(members)
