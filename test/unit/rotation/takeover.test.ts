import { expect, test } from 'vitest'
import { Bench, HOUR_MS } from './bench.ts'

const LEASE_MS = 15_000

/** Two replicas: the first one's create was refused by the provider's rule, then the second one sent it again. */
async function afterAnotherCreate() {
  const bench = new Bench()
  const { provider, clock } = bench
  provider.refusesValue = () => true
  await bench.run(HOUR_MS, () => provider.count('create') === 1)
  const first = bench.rotator
  provider.refusesValue = () => false
  await clock.advance(LEASE_MS)
  // Its create is answered by nobody, and neither the list nor the services know of it yet.
  provider.loseNextAnswer('create')
  provider.delayAcceptance(5_000)
  provider.freezeList()
  const second = bench.start()
  await bench.run(HOUR_MS, () => provider.count('create') === 2)
  await second.release()
  bench.rotator = first
  return bench
}

test('what a replica saw before another one went on says nothing about the create that followed', async () => {
  const bench = await afterAnotherCreate()
  expect(bench.provider.live()).toHaveLength(2)
  await bench.look()
  // Its own create was refused, but that was not the last one: no second value while the outcome of the first is unknown.
  expect(bench.record).toMatchObject({ phase: 'prepared', pending: { generation: 2 } })
  bench.provider.refreshList()
  await bench.reach('staged')
  const graves = bench.record.tombstones.map(({ generation, reason }) => [generation, reason])
  expect(graves).toEqual([[2, 'create-doubled']])
  expect(bench.provider.live()).toHaveLength(2)
})
