import type { FaultOrder } from '../../src/emulator/vonage/fault-desk.ts'
import type { RestEmulator } from '../../src/emulator/rest/start-rest-emulator.ts'
import {
  type ProviderCall,
  type ProviderUnderTest,
  THROTTLED_MS,
  type Trouble,
} from './provider-under-test.ts'

/** How an emulator makes each trouble. `unreachable` is its end. */
export const FAULT = {
  throttled: { kind: 'throttle', retryAfterSeconds: THROTTLED_MS / 1000 },
  failing: { kind: 'error', status: 500 },
  'lost-request': { kind: 'lose-request' },
  'lost-answer': { kind: 'lose-answer' },
  hanging: { kind: 'hang' },
} as const satisfies Readonly<Partial<Record<Trouble, FaultOrder>>>

/** What of an emulator the troubles need. */
interface Faults extends Pick<RestEmulator, 'fault' | 'close'> {
  requests(): readonly { readonly fault: string | null }[]
}

type Faulty = Pick<ProviderUnderTest, 'trouble' | 'hanging' | 'dispose'>

/** The troubles of a small emulator; `operations` names what each call asks of it. */
export function faultsOf(
  emulator: Faults,
  operations: Readonly<Partial<Record<ProviderCall, string>>>,
  close: () => Promise<void>,
): Faulty {
  let closed = false
  return {
    async trouble(call, trouble) {
      if (trouble !== 'unreachable') {
        return emulator.fault({ operation: operations[call] ?? '', ...FAULT[trouble] })
      }
      closed = true
      await emulator.close()
    },
    async hanging() {
      const arrived = () => emulator.requests().some(({ fault }) => fault === 'hang')
      while (!arrived()) await new Promise((resolve) => setImmediate(resolve))
    },
    async dispose() {
      await close()
      if (!closed) await emulator.close()
    },
  }
}
