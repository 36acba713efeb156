import { startTwilioEmulator } from '../../src/emulator/twilio/start-twilio-emulator.ts'
import { SecretValue } from '../../src/kernel/secret-value.ts'
import { CryptoRandom } from '../../src/platform/crypto-random.ts'
import { SystemClock } from '../../src/platform/system-clock.ts'
import { createTwilioProvider } from '../../src/providers/twilio/provider.ts'
import { Connections } from '../../src/calls/connections.ts'
import { describeProvider } from './provider.ts'
import { faultsOf } from './rest-faults.ts'

const ACCOUNT = `AC${'0'.repeat(31)}1`
const FIRST = 'a'.repeat(32)

const OPERATIONS = {
  create: 'tokens.create',
  revoke: 'tokens.revoke',
  promote: 'tokens.promote',
  verify: 'account.get',
} as const

describeProvider(
  'twilio',
  async () => {
    const clock = new SystemClock()
    const emulator = await startTwilioEmulator({
      account: ACCOUNT,
      token: FIRST,
      clock,
      random: new CryptoRandom(),
    })
    const baseUrls = { accounts: emulator.url, api: emulator.url }
    const connections = new Connections()
    const provider = createTwilioProvider({ account: ACCOUNT, baseUrls, clock, connections })
    return {
      provider,
      auth: { account: ACCOUNT, secret: new SecretValue(FIRST) },
      invalidValue: null,
      validValue: (number) => new SecretValue(`${number}`.repeat(32)),
      ...faultsOf(emulator, OPERATIONS, () => connections.close()),
    }
  },
  { model: 'promote', valueSource: 'server', selfManaged: true, secretsMin: 1 },
)
