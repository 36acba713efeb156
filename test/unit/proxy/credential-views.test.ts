import { expect, test } from 'vitest'
import { CredentialViews } from '../../../src/proxy/credential-views.ts'
import { VersionHealth } from '../../../src/proxy/version-health.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { RecordingLog } from '../../fakes/log.ts'
import { MemoryStorage, MemoryStore } from '../../fakes/memory-store.ts'
import { RecordingTelemetry } from '../../fakes/proxy-telemetry.ts'
import { FakeVersionSource, liveVersion } from '../../fakes/version-source.ts'

const HOUR_MS = 3_600_000
const two = [liveVersion(2, 'new'), liveVersion(1, 'old', 'previous')]

async function raise() {
  const clock = new FakeClock()
  const storage = new MemoryStorage()
  const store = new MemoryStore(clock, storage)
  const views = new CredentialViews({
    clock,
    log: new RecordingLog(),
    telemetry: new RecordingTelemetry(),
    uses: { follow: () => {} },
    earlyLook: { look: () => {} },
    instance: 'me',
  })
  const apply = async (source: FakeVersionSource) => {
    views.prepare(new Map([['c', source]]), new Map([['c', store]]))
    const view = views.get('c')
    await views.commit()
    return view
  }
  const said = () => storage.members.get('c')?.get('me')
  return { clock, storage, apply, said, first: await apply(new FakeVersionSource('c', two)) }
}

test('a credential that works is not replaced by one that can not be read', async () => {
  const { apply, first } = await raise()
  const unreadable = new FakeVersionSource('c', two)
  unreadable.failing = true

  await expect(apply(unreadable)).rejects.toThrow('can not be read now')

  expect(first.snapshot?.candidates).toHaveLength(2)
})

test('after a reload that failed, only what runs speaks for this replica', async () => {
  const { apply, clock, said } = await raise()
  const unreadable = new FakeVersionSource('c', two)
  unreadable.failing = true
  await apply(unreadable).catch(() => {})

  await clock.advance(HOUR_MS)

  expect(said()).toMatchObject({ held: [2, 1], ackGeneration: 2 })
})

test('a first request that lasts takes back no acknowledgement', async () => {
  const { clock, said, first } = await raise()
  expect(said()).toMatchObject({ ackGeneration: 2 })
  // One request with the new version is on its way, and all others would wait for it.
  const end = first.health.beginTrial()
  await clock.advance(HOUR_MS)
  expect(said()).toMatchObject({ ackGeneration: 2 })
  end()
})

test('what requests in flight use after a reload is still reported', async () => {
  const { apply, clock, said, first } = await raise()
  await apply(new FakeVersionSource('c', two))
  const old = first.snapshot?.candidates[1]

  old?.used(4_000)
  await clock.advance(HOUR_MS)

  expect(said()?.lastUse).toEqual({ 1: 4_000 })
})

test('a view that is gone asks the provider nothing', async () => {
  const clock = new FakeClock()
  let asked = 0
  const probe = () => Promise.resolve((asked++, 'inconclusive' as const))
  const health = new VersionHealth({ clock, probe, cooled: () => {}, changed: () => {} })
  health.stop()

  health.refused(liveVersion(1, 'old'), true, true)
  await clock.advance(HOUR_MS)

  expect(asked).toBe(0)
})
