import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { VersionUse, VersionUses } from '../../../src/proxy/version-uses.ts'
import { liveVersion } from '../../fakes/version-source.ts'

test('of two versions with one number, the later use is told', () => {
  const uses = new VersionUses()
  new VersionUse(uses.placeOf(liveVersion(2, 'record'))).began(1_000)
  new VersionUse(uses.placeOf({ ...liveVersion(2, 'static'), versionId: 's-x' })).used(2_000)
  expect(uses.lastUse(9_000)).toEqual({ 2: 9_000 })
})

test('a version that is read under another number is the same', () => {
  const uses = new VersionUses()
  const before = { ...liveVersion(1, 'kept', 'previous'), versionId: 's-kept' }
  const use = new VersionUse(uses.placeOf(before))
  use.began(1_000)
  use.answered(1_500)
  uses.retain([{ ...before, generation: 3 }])
  expect(uses.lastUsedAtMs('s-kept')).toBe(1_500)
  expect(uses.lastUse(9_000)).toEqual({ 3: 1_500 })
})

test('what nobody has used is told of nobody', () => {
  const uses = new VersionUses()
  uses.retain([liveVersion(1, 'new')])
  expect(uses.lastUsedAtMs('g1')).toBeNull()
  expect(uses.lastUse(9_000)).toEqual({})
})

test('a version that is gone is forgotten, and in use again when a request that waited begins with it', () => {
  const uses = new VersionUses()
  const gone = liveVersion(1, 'gone')
  const use = new VersionUse(uses.placeOf(gone))
  use.used(1_000)
  uses.retain([liveVersion(2, 'next')])
  expect(uses.lastUsedAtMs('g1')).toBeNull()
  expect(uses.isInFlight(gone)).toBe(false)
  use.began(2_000)
  expect(uses.lastUse(9_000)).toEqual({ 1: 9_000 })
  uses.retain([liveVersion(2, 'next')])
  expect(uses.isInFlight(gone)).toBe(true)
})

test('whoever holds a version notes its uses, however many were read since', () => {
  const uses = new VersionUses()
  const held = new VersionUse(uses.placeOf(liveVersion(1, 'held')))
  for (let n = 2; n < 100; n++) uses.retain([liveVersion(n, `secret-${n}`)])
  held.began(1_000)
  uses.retain([liveVersion(100, 'last')])
  expect(uses.lastUse(9_000)).toEqual({ 1: 9_000 })
  // Read again, beside those who hold it from before.
  const again = new VersionUse(uses.placeOf(liveVersion(1, 'held')))
  again.began(2_000)
  held.answered(2_500)
  expect(uses.isInFlight(liveVersion(1, 'held'))).toBe(true)
  again.answered(3_000)
  expect(uses.lastUse(9_000)).toEqual({ 1: 3_000 })
})

test('a version that is live keeps its last use while nobody holds it', async () => {
  const uses = new VersionUses()
  new VersionUse(uses.placeOf(liveVersion(1, 'live'))).used(1_000)
  await collect()
  uses.retain([liveVersion(1, 'live')])
  await collect()
  expect(uses.lastUse(9_000)).toEqual({ 1: 1_000 })
  new VersionUse(uses.placeOf(liveVersion(1, 'live'))).used(2_000)
  expect(uses.lastUse(9_000)).toEqual({ 1: 2_000 })
})

test('a version that is gone takes no memory when nobody holds it', async () => {
  const uses = new VersionUses()
  const held = new VersionUse(uses.placeOf(liveVersion(1, 'held')))
  const { at } = uses.placeOf(liveVersion(2, 'let go'))
  await collect()
  uses.retain([liveVersion(3, 'live')])
  expect(uses.placeOf(liveVersion(1, 'held'))).toBe(held.place)
  expect(uses.placeOf(liveVersion(2, 'let go')).at).not.toBe(at)
  held.used(1_000)
  expect(uses.lastUsedAtMs('g1')).toBe(1_000)
})

/** In a task of its own: what was looked at stays until the end of one. */
async function collect(): Promise<void> {
  await setImmediate()
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}
