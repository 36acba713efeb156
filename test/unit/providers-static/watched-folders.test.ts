import {
  link,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WatchedFolders } from '../../../src/providers/static/watched-folders.ts'
import { SystemClock } from '../../../src/platform/system-clock.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { RecordingLog } from '../../fakes/log.ts'

let root: string
let log: RecordingLog
let stop: () => void = () => undefined

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sidekey-static-'))
  log = new RecordingLog()
})
afterEach(async () => {
  stop()
  await rm(root, { recursive: true })
})

/** Watches a file with the real clock; `holds` resolves when the file, read at a change, has that text. */
function watching(path: string): { holds(text: string): Promise<void> } {
  const waiting = new Map<string, () => void>()
  let last = ''
  const changed = async (): Promise<void> => {
    last = await readFile(path, 'utf8').catch(() => '')
    waiting.get(last)?.()
  }
  const folders = new WatchedFolders({ clock: new SystemClock(), log })
  stop = folders.watch([path], () => void changed())
  return {
    holds: (text) =>
      new Promise((resolve) => {
        waiting.set(text, resolve)
        if (last === text) resolve()
      }),
  }
}

test('tells of a file that is written, replaced and made anew', async () => {
  const path = join(root, 'current')
  await writeFile(path, 'a')
  const seen = watching(path)
  await seen.holds('a')
  await writeFile(path, 'b')
  await seen.holds('b')
  await writeFile(join(root, 'next'), 'c')
  await rename(join(root, 'next'), path)
  await seen.holds('c')
  await rm(path)
  await writeFile(path, 'd')
  await seen.holds('d')
})

test('sees every swap of the link ..data, as Kubernetes does it', async () => {
  const swap = async (version: string): Promise<void> => {
    await mkdir(join(root, `..${version}`))
    await writeFile(join(root, `..${version}`, 'current'), version)
    await symlink(`..${version}`, join(root, '..data_tmp'))
    await rename(join(root, '..data_tmp'), join(root, '..data'))
  }
  await swap('v1')
  await symlink('..data/current', join(root, 'current'))
  const seen = watching(join(root, 'current'))
  for (const version of ['v2', 'v3', 'v4']) {
    await swap(version)
    await seen.holds(version)
    await rm(join(root, `..v${Number(version.slice(1)) - 1}`), { recursive: true })
  }
})

test('follows a link that leads into another directory, and the writes there', async () => {
  await mkdir(join(root, 'mount'))
  await mkdir(join(root, 'target'))
  await writeFile(join(root, 'target', 'secret'), 'a')
  await symlink('../target/secret', join(root, 'mount', 'current'))
  const seen = watching(join(root, 'mount', 'current'))
  await seen.holds('a')
  await writeFile(join(root, 'target', 'secret'), 'b')
  await seen.holds('b')
})

test('looks anew every 30 s, and finds a directory that was not there', async () => {
  const clock = new FakeClock(Date.now() + 60_000)
  let told = 0
  const path = join(root, 'later', 'current')
  stop = new WatchedFolders({ clock, log }).watch([path], () => told++)
  await clock.advance(50)
  await expect.poll(() => told).toBe(1)
  await clock.advance(60_000)
  // In one step: a look that still goes on sees no directory, or all of it.
  await mkdir(join(root, 'made'))
  await writeFile(join(root, 'made', 'current'), 'a')
  await rename(join(root, 'made'), join(root, 'later'))
  await clock.advance(30_000)
  await expect.poll(() => told).toBe(2)
})

test('a file that was just written is told of once more, for those whose read has failed', async () => {
  const clock = new FakeClock(Date.now())
  let told = 0
  const path = join(root, 'current')
  await writeFile(path, 'a')
  stop = new WatchedFolders({ clock, log }).watch([path], () => told++)
  await clock.advance(50)
  await expect.poll(() => told).toBe(1)
  // Its directory is watched from now on, and the file will be settled.
  await expect.poll(() => clock.pending).toBe(3)
  await clock.advance(50)
  await expect.poll(() => told).toBe(2)
  await clock.advance(2_000)
  await expect.poll(() => told).toBe(3)
  await expect.poll(() => clock.pending).toBe(1)
})

test('a file whose time is ahead is told of at each look, and not more often', async () => {
  const clock = new FakeClock(Date.now() - 3_600_000)
  let told = 0
  await writeFile(join(root, 'current'), 'a')
  stop = new WatchedFolders({ clock, log }).watch([join(root, 'current')], () => told++)
  await clock.advance(50)
  await expect.poll(() => told).toBe(1)
  await expect.poll(() => clock.pending).toBe(2)
  await clock.advance(50)
  await expect.poll(() => told).toBe(2)
  expect(clock.pending).toBe(1)
  await clock.advance(30_000)
  await expect.poll(() => told).toBe(3)
})

test('a change is not told of to those whose file is missing beside it', async () => {
  const clock = new FakeClock(Date.now() + 60_000)
  const told = { current: 0, missing: 0 }
  const path = join(root, 'current')
  await writeFile(path, 'a')
  const folders = new WatchedFolders({ clock, log })
  const stops = [
    folders.watch([path], () => told.current++),
    folders.watch([join(root, 'previous')], () => told.missing++),
  ]
  stop = () => stops.forEach((end) => end())
  await clock.advance(50)
  await expect.poll(() => told).toEqual({ current: 1, missing: 1 })
  // The directory is watched from now on, and was looked into once more for that.
  await expect.poll(() => clock.pending).toBe(2)
  await clock.advance(50)
  await expect.poll(() => clock.pending).toBe(1)
  await truncate(path)
  await expect.poll(() => clock.pending).toBe(2)
  await clock.advance(50)
  await expect.poll(() => told.current).toBe(2)
  expect(told.missing).toBe(1)
})

test('an event that names a file tells of it, whatever its times say', async () => {
  const clock = new FakeClock(Date.now() + 60_000)
  let told = 0
  await mkdir(join(root, 'mount'))
  await writeFile(join(root, 'secret'), 'a')
  const path = join(root, 'mount', 'current')
  await symlink('../secret', path)
  stop = new WatchedFolders({ clock, log }).watch([path], () => told++)
  await clock.advance(50)
  await expect.poll(() => told).toBe(1)
  // Both directories are watched from now on, and were looked into once more for that.
  await expect.poll(() => clock.pending).toBe(2)
  await clock.advance(50)
  await expect.poll(() => clock.pending).toBe(1)
  await symlink('../secret', join(root, 'next'))
  await expect.poll(() => clock.pending).toBe(2)
  await clock.advance(50)
  await expect.poll(() => clock.pending).toBe(1)
  // Another link to the same file.
  await rename(join(root, 'next'), path)
  await expect.poll(() => clock.pending).toBe(2)
  await clock.advance(50)
  await expect.poll(() => told).toBe(2)
})

test('a look tells of a change without an event, and of nothing while the files are as they were', async () => {
  const clock = new FakeClock(Date.now() + 60_000)
  let told = 0
  const path = join(root, 'mount', 'current')
  const alias = join(root, 'alias')
  await mkdir(join(root, 'mount'))
  await writeFile(path, 'a')
  await link(path, alias)
  stop = new WatchedFolders({ clock, log }).watch([path], () => told++)
  expect(clock.pending).toBe(2)
  await clock.advance(50)
  await expect.poll(() => told).toBe(1)
  await clock.advance(60_000)
  // The directory of the other name is not watched.
  await truncate(alias)
  await clock.advance(30_000)
  await expect.poll(() => told).toBe(2)
})

test('of two files in one folder, a change is told of to those who follow the one that changed', async () => {
  const clock = new FakeClock(Date.now() + 60_000)
  await mkdir(join(root, 'mount'))
  const [mine, others] = [join(root, 'mount', 'mine'), join(root, 'mount', 'others')]
  // In one step: a look sees the one or the other.
  const replace = async (path: string): Promise<void> => {
    await writeFile(join(root, 'next'), 'text')
    await rename(join(root, 'next'), path)
  }
  await replace(mine)
  await replace(others)
  const folders = new WatchedFolders({ clock, log })
  const told = { mine: 0, both: 0, others: 0 }
  const stops = [
    folders.watch([mine], () => told.mine++),
    folders.watch([mine, others], () => told.both++),
    folders.watch([others], () => told.others++),
  ]
  stop = () => stops.forEach((end) => end())
  await clock.advance(50)
  await expect.poll(() => told).toEqual({ mine: 1, both: 1, others: 1 })
  await clock.advance(60_000)
  await replace(mine)
  // Its directory is watched.
  await expect.poll(() => clock.pending).toBe(2)
  await clock.advance(60_000)
  await expect.poll(() => told).toEqual({ mine: 2, both: 2, others: 1 })
  stops[1]?.()
  await clock.advance(60_000)
  await replace(others)
  await clock.advance(60_000)
  await expect.poll(() => told).toEqual({ mine: 2, both: 2, others: 2 })
  stop()
  expect(clock.pending).toBe(0)
})

test('of a hundred who follow one file, all are told, but for the one who leaves meanwhile', async () => {
  const clock = new FakeClock(Date.now() + 60_000)
  const path = join(root, 'current')
  await writeFile(path, 'a')
  const folders = new WatchedFolders({ clock, log })
  const told: number[] = []
  const stops = Array.from({ length: 100 }, (_, number) =>
    folders.watch([path], () => {
      told.push(number)
      if (number === 40) stops[80]?.()
    }),
  )
  stop = () => stops.forEach((end) => end())
  await clock.advance(50)
  await expect.poll(() => told.length).toBe(99)
  expect(new Set(told).size).toBe(99)
  expect(told).not.toContain(80)
})

test('is silent after its end, and leaves no timer', async () => {
  const clock = new FakeClock()
  let told = 0
  const end = new WatchedFolders({ clock, log }).watch([join(root, 'current')], () => told++)
  end()
  end()
  await writeFile(join(root, 'current'), 'a')
  await clock.advance(120_000)
  expect(told).toBe(0)
  expect(clock.pending).toBe(0)
})

test('secrets of the environment are not watched', () => {
  const clock = new FakeClock()
  new WatchedFolders({ clock, log }).watch([], () => undefined)()
  expect(clock.pending).toBe(0)
})
