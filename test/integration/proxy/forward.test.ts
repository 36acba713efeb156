import { afterEach, expect, test } from 'vitest'
import { Bench, S1 } from './bench.ts'

let bench: Bench
afterEach(() => bench.stop())

test('a request by prefix reaches the upstream with the current secret', async () => {
  bench = await Bench.start({})
  const answer = await bench.send({ path: '/partner/v1/a?b=1' })
  expect(answer.status).toBe(200)
  expect(answer.body.toString()).toBe('{"ok":true}')
  const [seen] = bench.upstream.requests
  expect(seen?.target).toBe('/v1/a?b=1')
  expect(seen?.values('x-api-key')).toEqual([S1])
})

test('an unknown prefix is refused with no-route', async () => {
  bench = await Bench.start({})
  const answer = await bench.send({ path: '/other' })
  expect(answer.status).toBe(404)
  expect(answer.headers['sidekey-error']).toBe('no-route')
  expect(bench.upstream.requests).toEqual([])
})
