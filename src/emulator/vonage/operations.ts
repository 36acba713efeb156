import { accountOperations } from './apis/account.ts'
import { secretOperations } from './apis/secrets.ts'
import { smsOperations } from './apis/sms.ts'
import type { Operation } from './operation.ts'

/** Everything that the emulated provider can be asked for. */
export const OPERATIONS: readonly Operation[] = [
  ...secretOperations,
  ...smsOperations,
  ...accountOperations,
]
