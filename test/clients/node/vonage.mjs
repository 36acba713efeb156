// One call with an SDK of version 3: `node vonage.mjs PACKAGE CALL APPLICATION_ID KEY_FILE [REST_URL API_URL]`; its own hosts
// without URLs.
const [, , name, call, applicationId, privateKey, restHost, apiHost] = process.argv
const { Vonage } = await import(name)
const hosts = restHost ? { restHost, apiHost } : {}
const account = { apiKey: 'a1b2c3d4', apiSecret: 'placeholder-Gg6Hh7Ii8' }
const vonage = new Vonage({ ...account, applicationId, privateKey }, hosts)

const CALLS = {
  balance: async () => (await vonage.accounts.getBalance()).value !== undefined,
  sms: async () => {
    const sent = await vonage.sms.send({ from: 'Sidekey', to: '447700900000', text: 'hello' })
    return sent.messages[0].status === '0'
  },
  voice: async () => {
    const made = await vonage.voice.createOutboundCall({
      to: [{ type: 'phone', number: '447700900000' }],
      from: { type: 'phone', number: '447700900001' },
      ncco: [{ action: 'talk', text: 'hello' }],
    })
    return made.status === 'started'
  },
}
if (!(await CALLS[call]())) throw new Error('the API refused the call')
