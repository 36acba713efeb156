// One call with Stripe's SDK: `node stripe.mjs CALL [HOST_URL]`. It takes a host without a path; over CONNECT its fetch
// client is needed, since the other one has an agent of its own, which knows no proxy.
import Stripe from 'stripe'

const [, , call, hostUrl] = process.argv
const { hostname: host, port } = new URL(hostUrl ?? 'https://api.stripe.com')
const options = hostUrl
  ? { protocol: 'http', host, port }
  : { httpClient: Stripe.createFetchHttpClient() }
const stripe = new Stripe('placeholder-Gg6Hh7Ii8', options)

const CALLS = {
  balance: async () => (await stripe.balance.retrieve()).available[0].amount === 1028,
  customer: async () => (await stripe.customers.create({ email: 'a@b.example' })).id === 'cus_1',
}
if (!(await CALLS[call]())) throw new Error('the API refused the call')
