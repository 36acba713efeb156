import { mkdir, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { DirectoryWatch } from '../../../src/stores/file/directory-watch.ts'
import { settle } from '../../fakes/clock.ts'
import { setUpFileStore } from './file-store-setup.ts'

const setup = setUpFileStore()

test('where events are lost, files are looked at anew every 30 s, and told of once', async () => {
  // The directory is missing, so no event can come.
  const watch = new DirectoryWatch(setup.directory, setup.clock, setup.log)
  const told: string[] = []
  const first = Promise.withResolvers<void>()
  const second = Promise.withResolvers<void>()
  watch.subscribe(setup.file('a.record'), () => {
    told.push('told')
    if (told.length === 1) first.resolve()
    else second.resolve()
  })
  expect(setup.log.events[0]).toMatchObject({ event: 'store watch lost', level: 'warn' })
  await setup.clock.advance(30_000)
  await first.promise
  await setup.clock.advance(60_000)
  await mkdir(setup.directory)
  await writeFile(setup.file('a.record'), 'x')
  expect(told).toHaveLength(1)
  await setup.clock.advance(30_000)
  await second.promise
  expect(told).toHaveLength(2)
  watch.close()
})

test('leaves no timer behind once nobody listens', () => {
  const watch = new DirectoryWatch(setup.directory, setup.clock, setup.log)
  const stops = [1, 2].map(() => watch.subscribe(setup.file('a.record'), () => undefined))
  expect(setup.clock.pending).toBe(1)
  for (const stop of stops) stop()
  expect(setup.clock.pending).toBe(0)
})

test('a look at thousands goes on soon when most of them are gone', async () => {
  const watch = new DirectoryWatch(setup.directory, setup.clock, setup.log)
  const sleeps: number[] = []
  const sleep = setup.clock.sleep.bind(setup.clock)
  setup.clock.sleep = (ms, signal) => {
    sleeps.push(ms)
    return sleep(ms, signal)
  }
  const stops = Array.from({ length: 101 }, (_, index) =>
    watch.subscribe(setup.file(`${index}.record`), () => {
      // A reload takes out all but the last, after the first of them was looked at.
      if (index === 49) for (const stop of stops.slice(0, 100)) stop()
    }),
  )
  await setup.clock.advance(30_000)
  while (sleeps.length === 0) await settle()
  expect(Math.max(...sleeps)).toBeLessThanOrEqual(15_000)
  watch.close()
})
