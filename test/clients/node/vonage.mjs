// One call with an SDK of version 3: `node vonage.mjs PACKAGE CALL [REST_URL API_URL]`; its own hosts without URLs.
const [, , name, call, restHost, apiHost] = process.argv
const { Vonage } = await import(name)
const hosts = restHost ? { restHost, apiHost } : {}
const vonage = new Vonage({ apiKey: 'a1b2c3d4', apiSecret: 'placeholder-Gg6Hh7Ii8' }, hosts)

const CALLS = {
  balance: async () => (await vonage.accounts.getBalance()).value !== undefined,
  sms: async () => {
    const sent = await vonage.sms.send({ from: 'Sidekey', to: '447700900000', text: 'hello' })
    return sent.messages[0].status === '0'
  },
}
if (!(await CALLS[call]())) throw new Error('the API refused the call')
