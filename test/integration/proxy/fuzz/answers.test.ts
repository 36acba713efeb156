import { request, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SeededRandom } from '../../../fakes/random.ts'
import { Bench, S1, S2 } from '../bench.ts'
import { AnswerBytes, type Planned } from './answer-bytes.ts'
import { nominated, pairs } from './field-pairs.ts'
import { PlannedServer } from './planned-server.ts'
import { readAnswers, type ReadAnswer } from './read-answers.ts'

// Random answers of an upstream through Sidekey, and to Node's own client: what is whole for Sidekey's client is what Node's has
// understood, and all else is Sidekey's refusal or a cut. `FUZZ_SEED` and `FUZZ_SEEDS` look elsewhere, and for longer.
const FIRST_SEED = Number(process.env['FUZZ_SEED'] ?? 1)
const SEEDS = Number(process.env['FUZZ_SEEDS'] ?? 100)

const upstream = new PlannedServer()
let bench: Bench
let origin = ''

beforeAll(async () => {
  origin = await upstream.start()
  bench = await Bench.start({ origin })
})
afterAll(async () => {
  await bench.stop()
  await upstream.stop()
})

test(`what ${SEEDS} upstreams answer comes through as Node understands it, or as a failure`, async ({
  onTestFailed,
}) => {
  let client = new Client(bench.port)
  let seed = FIRST_SEED
  onTestFailed(() => console.log(`again: FUZZ_SEED=${seed} FUZZ_SEEDS=1`))
  for (; seed < FIRST_SEED + SEEDS; seed++) {
    const answers = new AnswerBytes(new SeededRandom(seed))
    for (let i = 0; i < 4; i++) {
      const id = `s${seed}-${i}`
      const planned = answers.answer(id)
      upstream.plans.set(id, planned)
      const understood = await understand(`${origin}/plain?n=${id}`, planned)
      if (client.ended) client = new Client(bench.port)
      const text = await client.ask(planned.method, `/partner/q?n=${id}`)
      check(planned, understood, text, id)
      upstream.plans.delete(id)
    }
  }
  client.end()
  expect(bench.log.events.filter(({ level }) => level === 'error')).toEqual([])
})

/** One connection, which sends one request after the other. */
class Client {
  ended = false
  readonly #socket: Socket
  #text = ''
  #wake = (): void => {}

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.ended = true
      this.#wake()
    })
    this.#socket.on('data', (data: Buffer) => {
      this.#text += data.toString('latin1')
      this.#wake()
    })
  }

  /** @returns what has come when that is a whole answer, or all that came until the connection has ended */
  async ask(method: string, target: string): Promise<string> {
    this.#text = ''
    const length = method === 'POST' ? 'Content-Length: 0\r\n' : ''
    this.#socket.write(`${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${length}\r\n`)
    while (!this.ended && !isWhole(this.#text, method)) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    return this.#text
  }

  end(): void {
    this.#socket.destroy()
  }
}

function isWhole(text: string, method: string): boolean {
  if (!text.includes('\r\n\r\n')) return false
  const [answer] = readAnswers(text, [method])
  // One that ends its connection is whole when that has ended.
  return answer?.whole === true && answer.fields.get('connection') !== 'close'
}

interface Understood {
  readonly status: number
  readonly reason: string
  readonly fields: readonly string[]
  readonly trailers: readonly string[]
  readonly body: string
}

/** What Node's client understands; null: it has not come to the end of an answer. */
function understand(url: string, { method }: Planned): Promise<Understood | null> {
  return new Promise((resolve) => {
    let message: IncomingMessage | null = null
    let body = ''
    const asked = request(url, { method, agent: false, maxHeaderSize: 128 * 1024 })
    asked.on('response', (response) => {
      message = response
      response.on('error', () => {})
      response.setEncoding('latin1').on('data', (text: string) => (body += text))
    })
    asked.on('error', () => {})
    // What comes behind an answer is an error to Node, even when the answer is whole.
    asked.on('close', () => {
      if (message?.complete !== true) return resolve(null)
      const { statusCode: status = 0, statusMessage: reason = '' } = message
      const { rawHeaders: fields, rawTrailers: trailers } = message
      resolve({ status, reason, fields, trailers, body })
    })
    asked.end()
  })
}

function check(planned: Planned, understood: Understood | null, text: string, id: string): void {
  expect([text.includes(S1), text.includes(S2)]).toEqual([false, false])
  const answers = text.includes('\r\n\r\n') ? readAnswers(text, [planned.method]) : []
  expect(answers.length).toBeLessThanOrEqual(1)
  const [answer] = answers
  if (planned.honest) expect([understood !== null, answer?.whole]).toEqual([true, true])
  if (answer === undefined || !answer.whole) return
  const own = answer.fields.get('sidekey-error')
  if (own !== undefined) {
    expect([planned.honest, answer.status]).toEqual([false, 502])
    expect(['upstream-invalid', 'upstream-unreachable']).toContain(own)
    return
  }
  // What had come before a reset may be lost on the way to either.
  if (planned.ending === 'reset' && understood === null) return
  expect(shape(answer, understood)).toEqual(expected(understood))
  if (planned.honest) expect(answer.fields.get('x-id')).toBe(id)
}

const HOP =
  /^(connection|keep-alive|proxy-(authenticate|connection)|te|trailer|transfer-encoding|upgrade|sidekey-.*)$/
const NEVER_BEHIND = /^(content-.*|set-cookie|host|expect)$/

function expected(understood: Understood | null): unknown {
  if (understood === null) return null
  const { status, reason, body } = understood
  const named = nominated(understood.fields)
  const kept = pairs(understood.fields).filter(
    ([name]) => !HOP.test(name.toLowerCase()) && !named.includes(name.toLowerCase()),
  )
  const behind = pairs(understood.trailers).filter(
    ([name]) => !HOP.test(name.toLowerCase()) && !NEVER_BEHIND.test(name.toLowerCase()),
  )
  return { status, reason, fields: kept.flat(), trailers: behind.flat(), body }
}

/** What has come, without what Sidekey has written: it tells the length of what has come whole. */
function shape(answer: ReadAnswer, understood: Understood | null): unknown {
  const { status, reason, rawFields, rawTrailers, body } = answer
  const sized = understood?.fields.some((name) => name.toLowerCase() === 'content-length') === true
  const own = sized ? OWN : OWN_SIZED
  const kept = pairs(rawFields).filter(([name]) => !own.test(name))
  return { status, reason, fields: kept.flat(), trailers: rawTrailers, body }
}

const OWN = /^(Connection|Keep-Alive|Transfer-Encoding)$/
const OWN_SIZED = /^(Connection|Keep-Alive|Transfer-Encoding|Content-Length)$/
