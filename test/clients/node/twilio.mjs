// One call with Twilio's SDK, which honours HTTP_PROXY for its https calls: `node twilio.mjs CALL ACCOUNT_SID [BASE_URL]`.
import twilio from 'twilio'

const [, , call, accountSid, baseUrl] = process.argv
const client = twilio(accountSid, 'placeholder-Gg6Hh7Ii8')
if (baseUrl) client.api.baseUrl = baseUrl

const CALLS = {
  account: async () => (await client.api.accounts(accountSid).fetch()).status === 'active',
  message: async () => {
    const message = { from: '+15005550006', to: '+447700900000', body: 'hello' }
    return (await client.messages.create(message)).status === 'queued'
  },
}
if (!(await CALLS[call]())) throw new Error('the API refused the call')
