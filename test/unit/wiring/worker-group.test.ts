import { expect, test } from 'vitest'
import { ConfigError } from '../../../src/kernel/errors.ts'
import { settle } from '../../fakes/clock.ts'
import { textOf } from '../../fakes/metrics-text.ts'
import { groupOf, type FakeWorker } from './fake-worker.ts'

const started = async (size: number, born?: (worker: FakeWorker) => void) => {
  const world = groupOf(size, born)
  await world.group.start('first', () => {})
  return world
}

const textsOf = (workers: readonly FakeWorker[]) => workers.map(({ text }) => text)

test('a worker that ends early is started again after longer and longer', async () => {
  const { group, clock, all, alive } = await started(2)
  for (const delayMs of [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]) {
    const before = all.length
    all.findLast(({ number }) => number === 1)?.kill()
    await clock.advance(delayMs - 1)
    expect(all).toHaveLength(before)
    await clock.advance(1)
    expect(all).toHaveLength(before + 1)
  }
  expect(alive()).toHaveLength(2)
  expect(await textOf(await group.metrics([]))).toContain('sidekey_worker_restarts_total 9')
})

test('one that has lived for a while comes back at once', async () => {
  const { clock, all } = await started(2)
  for (let round = 0; round < 4; round++) {
    all.findLast(({ number }) => number === 1)?.kill()
    await clock.advance(10_000)
  }
  await clock.advance(10_000)
  const before = all.length
  all.findLast(({ number }) => number === 1)?.kill()
  await clock.advance(100)
  expect(all).toHaveLength(before + 1)
})

test('no worker is started again while the group stops', async () => {
  const { group, clock, all, alive } = await started(3)
  all[0]?.kill()
  await settle()
  await group.stop(1_000)
  await clock.advance(60_000)
  expect(all).toHaveLength(3)
  expect(alive()).toEqual([])
  expect(clock.pending).toBe(0)
})

test('a start fails when a worker ends instead', async () => {
  const { group, all } = groupOf(2, (worker) => {
    if (worker.number === 2) worker.kill()
  })
  await expect(group.start('first', () => {})).rejects.toMatchObject({ code: 'worker-failed' })
  await group.stop(0)
  expect(all).toHaveLength(2)
})

test('a worker that never starts is killed and tried again', async () => {
  const { clock, log, alive } = await hangingStart()
  await clock.advance(120_000)
  expect(log.events.map(({ event, fields }) => [event, fields['during']])).toContainEqual([
    'worker hangs',
    'start',
  ])
  await clock.advance(1_000)
  expect(alive().map(({ hangs }) => hangs)).toEqual([[], []])
})

/** Two workers, of which the first was killed and hangs at its second start. */
async function hangingStart() {
  let births = 0
  const world = await started(2, (worker) => {
    if (++births === 3) worker.hangs = ['start']
  })
  world.all[0]?.kill()
  await world.clock.advance(100)
  return world
}

test('a configuration that one worker refuses moves none', async () => {
  const { group, all } = await started(3)
  for (const worker of all.slice(1, 2)) worker.refuses = ({ kind }) => kind === 'prepare'
  await expect(group.apply('second')).rejects.toBeInstanceOf(ConfigError)
  expect(textsOf(all)).toEqual(['first', 'first', 'first'])
  expect(all.flatMap(({ told }) => told).filter(({ kind }) => kind === 'commit')).toEqual([])
})

test('where one fails to move, all go back', async () => {
  const { group, all, alive } = await started(3)
  for (const worker of all.slice(1, 2)) {
    worker.refuses = (message) => message.kind === 'commit' && message.text === 'second'
  }
  await expect(group.apply('second')).rejects.toBeInstanceOf(ConfigError)
  expect(textsOf(alive())).toEqual(['first', 'first', 'first'])
  expect(all).toHaveLength(3)
})

test('one that cannot go back is started again under the configuration in force', async () => {
  const { group, clock, all, alive } = await started(3)
  for (const worker of all) {
    worker.refuses = (message) =>
      message.kind === 'commit' && (worker.number === 1) === (message.text === 'second')
  }
  await expect(group.apply('second')).rejects.toBeInstanceOf(ConfigError)
  await clock.advance(100)
  expect(textsOf(alive())).toEqual(['first', 'first', 'first'])
  expect(all).toHaveLength(5)
})

test.each(['prepare', 'commit'] as const)(
  'a worker that hangs at %s is killed, and the others move without it',
  async (kind) => {
    const { group, clock, all, alive, log } = await started(3)
    for (const worker of all.slice(0, 1)) worker.hangs = [kind]
    const applied = group.apply('second')
    await clock.advance(20_000)
    await applied
    await clock.advance(100)
    expect(textsOf(alive())).toEqual(['second', 'second', 'second'])
    expect(all).toHaveLength(4)
    expect(log.events).toContainEqual({
      level: 'error',
      event: 'worker hangs',
      fields: { worker: 1, during: kind },
    })
  },
)

test('one that started while the others moved begins anew', async () => {
  const { group, clock, all, alive } = await hangingStart()
  await group.apply('second')
  for (const worker of all.slice(2)) worker.hangs = []
  all[2]?.tell({ kind: 'start', text: 'first', fingerprintKey: 'aa' })
  await clock.advance(1_000)
  expect(textsOf(alive())).toEqual(['second', 'second'])
  expect(all).toHaveLength(4)
})

test('it is ready while somebody serves and nobody lacks anything', async () => {
  const { group, clock, all } = await started(2)
  expect(group.readiness()).toEqual({ ready: true, reasons: [] })
  for (const worker of all.slice(0, 1)) {
    worker.report = { ...worker.report, readiness: { ready: false, reasons: ['no secret'] } }
  }
  await group.metrics([])
  expect(group.readiness()).toEqual({ ready: false, reasons: ['worker 1: no secret'] })
  for (const worker of all) worker.kill()
  await settle()
  expect(group.readiness()).toEqual({ ready: false, reasons: ['no worker runs'] })
  await clock.advance(100)
  await group.metrics([])
  expect(group.readiness()).toEqual({ ready: true, reasons: [] })
})

test('a worker that says between two reports what it lacks is heard', async () => {
  const { group, all } = await started(2)
  const readiness = { ready: false, reasons: ['no secret'] }
  all[1]?.say({ kind: 'readiness', readiness })
  expect(group.readiness()).toEqual({ ready: false, reasons: ['worker 2: no secret'] })
})

test('a scrape waits a second for a worker that does not report, for all who ask at once', async () => {
  const { group, clock, all } = await started(2)
  for (const worker of all.slice(0, 1)) worker.hangs = ['report']
  const scrapes = [group.metrics([]), group.metrics([]), group.uses()]
  await clock.advance(1_000)
  await Promise.all(scrapes)
  // One when it started, and one for all three.
  expect(all[0]?.told.filter(({ kind }) => kind === 'report')).toHaveLength(2)
  expect(clock.pending).toBe(0)
})
