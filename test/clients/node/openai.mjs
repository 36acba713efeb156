// One call with OpenAI's SDK, which reads its base URL from OPENAI_BASE_URL: `node openai.mjs CALL`.
import OpenAI from 'openai'

const client = new OpenAI({ apiKey: 'placeholder-Gg6Hh7Ii8' })
const chat = { model: 'gpt-test', messages: [{ role: 'user', content: 'hi' }] }

const CALLS = {
  models: async () => (await client.models.list()).data[0].id === 'gpt-test',
  chat: async () => {
    const answer = await client.chat.completions.create(chat)
    return answer.choices[0].message.content === 'hello world'
  },
  async 'streamed chat'() {
    const words = []
    for await (const chunk of await client.chat.completions.create({ ...chat, stream: true })) {
      // The upstream goes on when it is asked for this: the first event has to be here before the last is written.
      if (words.length === 0) await client.models.list()
      words.push(chunk.choices[0].delta.content)
    }
    return words.join('') === 'hello world'
  },
}
if (!(await CALLS[process.argv[2]]())) throw new Error('the API refused the call')
