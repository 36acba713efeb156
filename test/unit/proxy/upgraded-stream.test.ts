import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { UpgradedStream } from '../../../src/proxy/upgraded-stream.ts'

test('what has arrived waits in memory of its own, and keeps no more than that', () => {
  const stream = new UpgradedStream(new Socket())
  const shared = Buffer.from('one read')
  stream.arrived(shared.subarray(0, 3))
  shared.fill('-')
  const piece = stream.read() as Buffer
  expect([piece.toString(), piece.buffer.byteLength]).toEqual(['one', 3])
  stream.destroy()
})
