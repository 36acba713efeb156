import { expect, test } from 'vitest'
import { CLIENT_STALL_MS } from '../../../src/kernel/limits.ts'
import type { ClientResponse } from '../../../src/proxy/client-message.ts'
import { Sink } from '../../../src/proxy/deliver-answer.ts'
import { echoesOf } from '../../../src/proxy/render-credential.ts'

/** A client that takes nothing until it is told to; only what a sink looks at. */
function client() {
  const heard = new Map<string, () => void>()
  const state = { keepsUp: false, destroyed: false, stallMs: 0, paused: false }
  const response = {
    write: () => state.keepsUp,
    end: () => {},
    once: (event: string, listener: () => void) => heard.set(event, listener),
    setTimeout: (ms: number, stalled: () => void) => {
      state.stallMs = ms
      heard.set('timeout', stalled)
    },
    destroy: () => (state.destroyed = true),
  } as unknown as ClientResponse
  const source = { pause: () => {}, resume: () => (state.paused = false) }
  const sink = new Sink(response, source, echoesOf([]), () => {})
  return { sink, state, say: (event: string) => heard.get(event)?.() }
}

test('a client that takes nothing of its answer for a minute is cut off', () => {
  const { sink, state, say } = client()
  expect(sink.write(Buffer.from('x'))).toBe(false)
  expect(state.stallMs).toBe(CLIENT_STALL_MS)
  say('timeout')
  expect(state.destroyed).toBe(true)
})

test('a client that has taken all and waits for a silent upstream is not', () => {
  const { sink, state, say } = client()
  sink.write(Buffer.from('x'))
  say('drain')
  say('timeout')
  expect(state.destroyed).toBe(false)
})

test('a client that leaves the end of its answer untaken is cut off', () => {
  const { sink, state, say } = client()
  sink.write(Buffer.from('x'))
  say('drain')
  sink.end([])
  say('timeout')
  expect(state.destroyed).toBe(true)
})
