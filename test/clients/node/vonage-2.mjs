// One call with the SDK of version 2, which writes the secret into the query and takes no port: `node vonage-2.mjs CALL`.
import { promisify } from 'node:util'
import Vonage from 'vonage-2'

const vonage = new Vonage({ apiKey: 'a1b2c3d4', apiSecret: 'placeholder-Gg6Hh7Ii8' })
const CALLS = {
  balance: async () => {
    const found = await promisify((done) => vonage.account.checkBalance(done))()
    return found.value !== undefined
  },
  sms: async () => {
    const sent = await promisify((done) =>
      vonage.message.sendSms('Sidekey', '447700900000', 'hello', {}, done),
    )()
    return sent.messages[0].status === '0'
  },
}
if (!(await CALLS[process.argv[2]]())) throw new Error('the API refused the call')
