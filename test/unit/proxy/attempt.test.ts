import { expect, test } from 'vitest'
import { Attempt } from '../../../src/proxy/attempt.ts'
import { BodyBuffer } from '../../../src/proxy/body-buffer.ts'
import type { ClientResponse } from '../../../src/proxy/client-message.ts'
import { echoesOf } from '../../../src/proxy/render-credential.ts'
import { UpstreamFaultError } from '../../../src/proxy/upstream-fault.ts'

const LARGE = 64 * 1024

/** Takes everything at once. */
const response = {
  hasPassedOn: true,
  writableFinished: true,
  writeHead: () => {},
  end: () => {},
  addTrailers: () => {},
} as unknown as ClientResponse

function answered(bodies: BodyBuffer): { attempt: Attempt; piece: Buffer } {
  const attempt = new Attempt()
  attempt.begin({ bodies, pause: () => {}, resume: () => {}, destroy: () => {} })
  const piece = bodies.lend(LARGE)
  attempt.headArrived(200, 'OK', [])
  if (attempt.bodyArrived(piece)) bodies.keep(piece)
  attempt.answerEnded()
  return { attempt, piece }
}

test('a whole answer gives its memory back when the client has it', () => {
  const bodies = new BodyBuffer()
  const { attempt, piece } = answered(bodies)
  expect(attempt.deliver(response, 'OK', [], echoesOf([]))).toBe('complete')
  expect(bodies.lend(LARGE).buffer).toBe(piece.buffer)
})

test('what was looked into is a copy, whose memory may be others’ too: it is not given back', async () => {
  const bodies = new BodyBuffer()
  const { attempt } = answered(bodies)
  const copy = await attempt.peek(LARGE)
  expect(attempt.deliver(response, 'OK', [], echoesOf([]))).toBe('complete')
  expect(bodies.lend(LARGE).buffer).not.toBe(copy?.buffer)
})

test('an attempt is decided by its head, and what fails later does not take that back', async () => {
  const attempt = new Attempt()
  attempt.headArrived(200, 'OK', [])
  attempt.fail(new Error('cut'), 'failed')
  await attempt.decided
  expect([attempt.headless, attempt.failure]).toEqual([null, 'failed'])
})

test('an attempt that fails before its head tells why there is none', async () => {
  const attempt = new Attempt()
  attempt.fail(new UpstreamFaultError('answer-timeout'), 'failed')
  await attempt.decided
  expect(attempt.headless).toMatchObject({ code: 'upstream-timeout' })
})
