import { startOktaEmulator } from '../../src/emulator/okta/start-okta-emulator.ts'
import { SecretValue } from '../../src/kernel/secret-value.ts'
import { CryptoRandom } from '../../src/platform/crypto-random.ts'
import { SystemClock } from '../../src/platform/system-clock.ts'
import { createOktaProvider } from '../../src/providers/okta/provider.ts'
import { Connections } from '../../src/calls/connections.ts'
import { describeProvider } from './provider.ts'
import { faultsOf } from './rest-faults.ts'

const APP = '0oa1planted2app3'
const FIRST = 'Planted1FirstClientSecret'
const TOKEN = 'Planted0ManagementToken'

const OPERATIONS = {
  list: 'secrets.list',
  create: 'secrets.create',
  revoke: 'secrets.deactivate',
  verify: 'introspect',
} as const

describeProvider(
  'okta',
  async () => {
    const clock = new SystemClock()
    const identity = { appId: APP, clientId: APP, clock, random: new CryptoRandom() }
    const emulator = await startOktaEmulator({
      ...identity,
      secrets: [FIRST],
      managementToken: TOKEN,
    })
    const connections = new Connections()
    const providerWith = (token: string) =>
      createOktaProvider({
        ...identity,
        connections,
        orgUrl: emulator.url,
        managementToken: async () => new SecretValue(token),
      })
    const provider = providerWith(TOKEN)
    const unauthorized = providerWith('Planted9WrongToken')
    return {
      provider,
      unauthorized,
      auth: { account: APP, secret: new SecretValue(FIRST) },
      invalidValue: new SecretValue('short'),
      validValue: (number) => new SecretValue(`Planted2ClientSecret${number}`),
      ...faultsOf(emulator, OPERATIONS, () => connections.close()),
    }
  },
  { model: 'list', valueSource: 'either', selfManaged: false, secretsMin: 1 },
)
