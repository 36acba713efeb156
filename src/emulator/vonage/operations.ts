import { accountOperations } from './apis/account.ts'
import { applicationOperations } from './apis/applications.ts'
import { messagesOperations } from './apis/messages.ts'
import { numberInsightOperations } from './apis/number-insight.ts'
import { otherOperations } from './apis/others.ts'
import { secretOperations } from './apis/secrets.ts'
import { smsOperations } from './apis/sms.ts'
import { subaccountOperations } from './apis/subaccounts.ts'
import { tokenOperations } from './apis/tokens.ts'
import { verifyOperations } from './apis/verify.ts'
import { verifyV2Operations } from './apis/verify-v2.ts'
import type { Operation } from './operation.ts'

/** Everything that the emulated provider can be asked for. */
export const OPERATIONS: readonly Operation[] = [
  ...secretOperations,
  ...subaccountOperations,
  ...smsOperations,
  ...accountOperations,
  ...verifyOperations,
  ...verifyV2Operations,
  ...numberInsightOperations,
  ...messagesOperations,
  ...applicationOperations,
  ...otherOperations,
  ...tokenOperations,
]
