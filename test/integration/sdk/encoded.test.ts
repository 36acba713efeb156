import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { FakeUpstream } from '../../fakes/upstream.ts'
import { CURRENT, KEY, SdkWorld, STANDBY } from './world.ts'

const upstreams: FakeUpstream[] = []

afterEach(async () => {
  await Promise.all(upstreams.splice(0).map((upstream) => upstream.stop()))
})

const ENCODERS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }
const BALANCE = JSON.stringify({ value: 10.28, autoReload: false })

/** A provider that packs its answers; the emulator does not. It accepts the standby only. */
async function startPacking(encoding: keyof typeof ENCODERS, bodies: [string, string]) {
  const accepted = `Basic ${Buffer.from(`${KEY}:${STANDBY}`).toString('base64')}`
  const upstream = new FakeUpstream((request, response) => {
    const isAccepted = request.values('authorization')[0] === accepted
    response.setHeader('content-type', 'application/json')
    response.setHeader('content-encoding', encoding)
    response.end(ENCODERS[encoding](bodies[isAccepted ? 1 : 0]))
  })
  upstreams.push(upstream)
  return { upstream, world: await SdkWorld.start(await upstream.start()) }
}

describe.each(['gzip', 'deflate', 'br'] as const)('an answer in %s', (encoding) => {
  test('is looked into, and the refused SMS is sent again', async () => {
    const refused =
      '{"message-count":"1","messages":[{"status":"4","error-text":"Bad Credentials"}]}'
    const sent = '{"message-count":"1","messages":[{"status":"0","to":"1","message-id":"A"}]}'
    const { upstream, world } = await startPacking(encoding, [refused, sent])
    const answer = await world.vonage.sms.send({ to: '1', from: 'Sidekey', text: 'hello' })
    expect(answer.messages).toMatchObject([{ status: '0' }])
    expect(upstream.requests).toHaveLength(2)
    expect(world.wire).toHaveLength(2)
    await world.expectNoLeak()
  })

  test('without a refusal in it arrives as it was packed', async () => {
    const { upstream, world } = await startPacking(encoding, [BALANCE, BALANCE])
    expect(await world.vonage.accounts.getBalance()).toMatchObject({ value: 10.28 })
    expect(upstream.requests).toHaveLength(1)
    expect(upstream.requests[0]?.values('authorization')[0]).toBe(
      `Basic ${Buffer.from(`${KEY}:${CURRENT}`).toString('base64')}`,
    )
  })
})
