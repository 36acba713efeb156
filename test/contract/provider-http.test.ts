import { startRestEmulator } from '../../src/emulator/rest/start-rest-emulator.ts'
import { startVonageEmulator } from '../../src/emulator/vonage/start-vonage-emulator.ts'
import { SecretValue } from '../../src/kernel/secret-value.ts'
import { CryptoRandom } from '../../src/platform/crypto-random.ts'
import { SystemClock } from '../../src/platform/system-clock.ts'
import { createHttpProvider } from '../../src/providers/http/provider.ts'
import { Connections } from '../../src/calls/connections.ts'
import { httpExample } from './http-example.ts'
import { KeyService } from './key-service.ts'
import { describeProvider } from './provider.ts'
import { faultsOf } from './rest-faults.ts'

const ACCOUNT = 'abcd1234'
const FIRST = 'Planted1FirstSecret'
const FIRST_KEY = 'SG.planted.first'
const TOKEN = 'Planted0ManagementToken'

const SMS_OPERATIONS = {
  list: 'secrets.list',
  create: 'secrets.create',
  revoke: 'secrets.revoke',
  verify: 'account.balance',
} as const

const MAIL_OPERATIONS = {
  list: 'keys.list',
  create: 'keys.create',
  revoke: 'keys.revoke',
  verify: 'scopes.get',
} as const

describeProvider('http, a client-chosen value by YAML alone', async () => {
  const clock = new SystemClock()
  const emulator = await startVonageEmulator({
    accounts: [{ key: ACCOUNT, secrets: [FIRST] }],
    clock,
    random: new CryptoRandom(),
  })
  const connections = new Connections()
  const provider = createHttpProvider({
    ...httpExample('sms', ACCOUNT, emulator.url),
    managementToken: async () => null,
    clock,
    connections,
  })
  const { control } = emulator
  const faulty = {
    ...emulator,
    fault: control.fault.bind(control),
    requests: control.requests.bind(control),
  }
  return {
    provider,
    auth: { account: ACCOUNT, secret: new SecretValue(FIRST) },
    invalidValue: new SecretValue('weak'),
    validValue: (number) => new SecretValue(`Planted2Secret${number}`),
    ...faultsOf(faulty, SMS_OPERATIONS, () => connections.close()),
  }
})

describeProvider(
  'http, a server-chosen value and a management token',
  async () => {
    const clock = new SystemClock()
    const emulator = await startRestEmulator(new KeyService(FIRST_KEY, TOKEN), { clock })
    const connections = new Connections()
    const providerWith = (token: string) =>
      createHttpProvider({
        ...httpExample('mail', 'acme-mail', emulator.url),
        managementToken: async () => new SecretValue(token),
        clock,
        connections,
      })
    const provider = providerWith(TOKEN)
    const unauthorized = providerWith('Planted9WrongToken')
    return {
      provider,
      unauthorized,
      auth: { account: 'acme-mail', secret: new SecretValue(FIRST_KEY) },
      invalidValue: null,
      validValue: (number) => new SecretValue(`SG.wrong.${number}`),
      ...faultsOf(emulator, MAIL_OPERATIONS, () => connections.close()),
    }
  },
  { model: 'list', valueSource: 'server', selfManaged: false, secretsMin: 0 },
)
