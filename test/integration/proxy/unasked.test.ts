import { afterEach, expect, test } from 'vitest'
import { Bench } from './bench.ts'
import { Lines } from './wire.ts'

let bench: Bench
const lines = new Lines()
afterEach(async () => {
  lines.stop()
  await bench.stop()
})

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test.each(['GET', 'POST'])(
  'what an upstream says unasked is not the answer to the %s that waits for the end of the turn',
  async (method) => {
    const { origin, accept } = await lines.upstream()
    bench = await Bench.start({ origin })
    const request = `${method} /partner/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`
    const client = await lines.dial(bench.port)
    client.write('GET /partner/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const first = await accept()
    await first.until(/\r\n\r\n/)
    first.write(OK)
    await client.until(/ok$/)
    await turn()
    await turn()
    client.text = ''
    // Both are read in the same turn of the event loop, the request first.
    client.write(request)
    first.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL')
    const second = await accept()
    await second.until(/\r\n\r\n/)
    second.write(OK)
    expect(await client.until(/(EVIL|ok|\})$/)).toMatch(/ok$/)
    // It has got the request once at most.
    expect(first.text.match(/HTTP\/1\.1/g)).toHaveLength(1)
  },
)
