import { expect, test } from 'vitest'
import type { Attempt } from '../../../src/proxy/attempt.ts'
import type { Sending } from '../../../src/proxy/send-version.ts'
import { tryCandidates } from '../../../src/proxy/try-candidates.ts'

/** A request with a credential of one version, and what becomes of both. */
function start(send: (attempt: Attempt) => void) {
  const seen: string[] = []
  const candidate = {
    version: { versionId: 'v1', generation: 1, stage: 'current' },
    began: () => seen.push('began'),
    answered: () => seen.push('answered'),
  }
  const choice = { kind: 'try', candidates: [candidate], first: candidate, trial: true }
  const sending = {
    exchange: { track: () => {}, meter: { upstream: () => {} } },
    credential: {
      candidates: () => choice,
      health: { beginTrial: () => () => seen.push('trial ended') },
      accepted: () => seen.push('accepted'),
      meter: { injected: () => {} },
    },
    upstream: { send },
    detector: null,
    body: { kind: 'none' },
    budget: {},
    clock: { now: () => 0, monotonic: () => 0 },
    tokens: null,
    retime: null,
    inject: () => ({ method: 'GET', target: '/', fields: [], body: null, upgrade: false }),
  } as unknown as Sending
  return { outcome: tryCandidates(sending), seen }
}

test('an answer proves its version', async () => {
  const { outcome, seen } = start((attempt) => attempt.headArrived(200, 'OK', []))
  expect(await outcome).toMatchObject({ verdict: 'accepted', gaveUp: null })
  expect(seen).toEqual(['began', 'answered', 'accepted', 'trial ended'])
})

test('an answer that is cut before anybody has looked at it proves nothing', async () => {
  const { outcome, seen } = start((attempt) => {
    attempt.headArrived(200, 'OK', [])
    attempt.fail(new Error('cut'), 'failed')
  })
  await outcome
  expect(seen).toEqual(['began', 'answered', 'trial ended'])
})

test('a version is not in use for a request that could not be sent, and its trial is over', async () => {
  const { outcome, seen } = start(() => {
    throw new Error('no such thing')
  })
  await expect(outcome).rejects.toThrow('no such thing')
  expect(seen).toEqual(['began', 'answered', 'trial ended'])
})
