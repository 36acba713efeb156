// One call with the SDK of version 2, which writes the secret into the query and takes no port:
// `node vonage-2.mjs CALL APPLICATION_ID KEY_FILE`.
import { promisify } from 'node:util'
import Vonage from 'vonage-2'

const [, , call, applicationId, privateKey] = process.argv
const account = { apiKey: 'a1b2c3d4', apiSecret: 'placeholder-Gg6Hh7Ii8' }
const vonage = new Vonage({ ...account, applicationId, privateKey })

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
  voice: async () => {
    const order = {
      to: [{ type: 'phone', number: '447700900000' }],
      from: { type: 'phone', number: '447700900001' },
      ncco: [{ action: 'talk', text: 'hello' }],
    }
    const made = await promisify((done) => vonage.calls.create(order, done))()
    return made.status === 'started'
  },
}
if (!(await CALLS[call]())) throw new Error('the API refused the call')
