import { expect, test } from 'vitest'
import { VersionUses } from '../../../src/proxy/version-uses.ts'
import { liveVersion } from '../../fakes/version-source.ts'

test('of two versions with one number, the later use is told', () => {
  const uses = new VersionUses()
  uses.began(liveVersion(2, 'record'), 1_000)
  uses.used({ ...liveVersion(2, 'static'), versionId: 's-x' }, 2_000)
  expect(uses.lastUse(9_000)).toEqual({ 2: 9_000 })
})

test('a version that is read under another number is the same', () => {
  const uses = new VersionUses()
  const before = { ...liveVersion(1, 'kept', 'previous'), versionId: 's-kept' }
  uses.began(before, 1_000)
  uses.ended(before, 1_500)
  uses.retain([{ ...before, generation: 3 }])
  expect(uses.lastUsedAtMs('s-kept')).toBe(1_500)
})
