import { expect, test } from 'vitest'
import { MEMBER_PUBLISH_MS } from '../../../src/kernel/limits.ts'
import { Membership } from '../../../src/proxy/membership.ts'
import { Rounds } from '../../../src/proxy/rounds.ts'
import { createRecordSource } from '../../../src/stores/record-source.ts'
import { viewOf } from '../../fakes/credential-view.ts'
import { Bench, ID } from './bench.ts'

const MINUTE_MS = 60_000

/** A rotation with a drain of a minute, and a replica that serves beside it. */
async function raise() {
  const bench = new Bench({ drainMs: MINUTE_MS })
  await bench.look()
  const { membership, view } = await serve(bench, 'a')
  await bench.reach('staged', 10 * MINUTE_MS)
  return { bench, view, membership }
}

/** One life of a replica. */
async function serve(bench: Bench, instance: string) {
  const { clock, log, store } = bench
  const source = createRecordSource({ store, credentialId: ID, publicValues: {} })
  const view = viewOf({ clock, log, source })
  const rounds = new Rounds(clock, MEMBER_PUBLISH_MS)
  const membership = new Membership({ clock, log, store, view, instance, rounds, number: 0 })
  await membership.register()
  await view.start()
  return { view, membership }
}

test('nothing is revoked while an upload with it lasts, however short the drain', async () => {
  const { bench, view } = await raise()
  const [candidate] = view.snapshot?.candidates ?? []
  if (candidate === undefined) throw new Error('nothing to send with')
  candidate.began(bench.clock.now())
  await bench.rotator.command({ kind: 'rotate', emergency: false })

  const look = await bench.run(30 * MINUTE_MS)

  expect(look.reason).toBe('previous-in-use')
  expect(bench.record.phase).toBe('promoted')
  expect(bench.provider.count('revoke')).toBe(0)

  candidate.answered(bench.clock.now())
  const endedAtMs = bench.clock.now()
  await bench.pass('retiring', 10 * MINUTE_MS)
  expect(bench.clock.now() - endedAtMs).toBeGreaterThanOrEqual(MINUTE_MS)
})

test('two requests with one version are both waited for', async () => {
  const { bench, view } = await raise()
  const candidate = view.snapshot?.candidates[0]
  if (candidate === undefined) throw new Error('nothing to send with')
  const { clock } = bench
  candidate.began(clock.now())
  candidate.began(clock.now())
  candidate.answered(clock.now())
  await clock.advance(5_000)
  expect(view.lastUse[candidate.version.generation]).toBe(clock.now())
  candidate.answered(clock.now())
  await clock.advance(5_000)
  expect(view.lastUse[candidate.version.generation]).toBe(clock.now() - 5_000)
})

test.each(['the rotation goes on', 'the rotation restarts too'])(
  'what a replica used last counts after its end: %s',
  async (story) => {
    const { bench, view, membership } = await raise()
    const previous = view.snapshot?.candidates[0]
    if (previous === undefined) throw new Error('nothing to send with')
    await bench.rotator.command({ kind: 'rotate', emergency: false })
    await bench.pass('promoted', 10 * MINUTE_MS)
    await bench.run(MINUTE_MS / 2)
    // After its last report: only its goodbye can tell.
    previous.used(bench.clock.now())
    const usedAtMs = bench.clock.now()
    await membership.deregister()
    view.stop()
    await serve(bench, 'b')
    if (story === 'the rotation restarts too') bench.start()

    await bench.run(MINUTE_MS - 5_000)

    expect(bench.record.phase).toBe('promoted')
    expect(bench.provider.count('revoke')).toBe(0)
    const { versions } = await bench.rotator.status()
    expect(versions.find(({ stage }) => stage === 'previous')?.lastUsedAtMs).toBe(usedAtMs)
    await bench.pass('retiring', 10 * MINUTE_MS)
  },
)
