// One call with a general HTTP client: `node http.mjs LIBRARY CALL REST_URL`. It ends with 0 when the API took the call.
const [, , library, call, restUrl] = process.argv
const pair = { api_key: 'a1b2c3d4', api_secret: 'placeholder-Gg6Hh7Ii8' }
const query = new URLSearchParams(pair)
const form = new URLSearchParams({ ...pair, from: 'Sidekey', to: '447700900000', text: 'hello' })

const LIBRARIES = {
  fetch: async (url, body) => (await fetch(url, body ? { method: 'POST', body } : {})).json(),
  async axios(url, body) {
    const { default: axios } = await import('axios')
    return (await (body ? axios.post(url, body) : axios.get(url))).data
  },
  async got(url, body) {
    const { default: got } = await import('got')
    return got(url, body ? { method: 'POST', form: Object.fromEntries(body) } : {}).json()
  },
  async 'node-fetch'(url, body) {
    const { default: nodeFetch } = await import('node-fetch')
    return (await nodeFetch(url, body ? { method: 'POST', body } : {})).json()
  },
  async undici(url, body) {
    const { EnvHttpProxyAgent, request } = await import('undici')
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const message = body ? { method: 'POST', body: body.toString(), headers } : {}
    const answer = await request(url, { ...message, dispatcher: new EnvHttpProxyAgent() })
    return answer.body.json()
  },
}

const send = LIBRARIES[library]
const answer =
  call === 'balance'
    ? await send(`${restUrl}/account/get-balance?${query}`)
    : await send(`${restUrl}/sms/json`, form)
if (call === 'balance' ? answer.value === undefined : answer.messages[0].status !== '0') {
  throw new Error(JSON.stringify(answer))
}
