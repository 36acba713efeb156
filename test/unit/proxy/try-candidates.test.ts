import { expect, test } from 'vitest'
import type { Sending } from '../../../src/proxy/send-version.ts'
import { tryCandidates } from '../../../src/proxy/try-candidates.ts'

/** A credential of one version, and an upstream that can't even begin with a request. */
function sendingThatThrows(): { readonly sending: Sending; readonly uses: string[] } {
  const uses: string[] = []
  const candidate = { version: { versionId: 'v1', generation: 1, stage: 'current' } }
  const choice = { kind: 'try', candidates: [candidate], first: candidate, trial: true }
  const sending = {
    exchange: { track: () => {}, meter: {} },
    credential: {
      candidates: () => choice,
      health: { beginTrial: () => () => uses.push('trial ended') },
      meter: { injected: () => {} },
      began: () => uses.push('began'),
      answered: () => uses.push('answered'),
    },
    upstream: {
      send: () => {
        throw new Error('no such thing')
      },
    },
    detector: null,
    body: { kind: 'none' },
    budget: {},
    clock: { now: () => 0, monotonic: () => 0 },
    tokens: null,
    retime: null,
    inject: () => ({ method: 'GET', target: '/', fields: [], body: null, upgrade: false }),
  } as unknown as Sending
  return { sending, uses }
}

test('a version is not in use for a request that could not be sent, and its trial is over', async () => {
  const { sending, uses } = sendingThatThrows()
  await expect(tryCandidates(sending)).rejects.toThrow('no such thing')
  expect(uses).toEqual(['began', 'answered', 'trial ended'])
})
