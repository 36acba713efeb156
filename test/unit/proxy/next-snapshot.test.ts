import { expect, test } from 'vitest'
import type { CredentialVersions } from '../../../src/kernel/credential.ts'
import { nextSnapshot } from '../../../src/proxy/next-snapshot.ts'
import { VersionUses } from '../../../src/proxy/version-uses.ts'
import { liveVersion } from '../../fakes/version-source.ts'

const uses = new VersionUses()

/** As a source reads them: new objects each time. */
function read(...secrets: readonly string[]): CredentialVersions {
  const versions = secrets.map((secret, at) =>
    liveVersion(secrets.length - at, secret, at === 0 ? 'current' : 'previous'),
  )
  return { credentialId: 'partner', publicValues: { apiKey: 'a1b2' }, versions }
}

test('what is read again and says the same stays what requests have made of it', () => {
  const before = nextSnapshot(null, read('secret-one', 'secret-two'), [], uses)
  const after = nextSnapshot(before, read('secret-one', 'secret-two'), [], uses)
  expect(after.candidates).toBe(before.candidates)
  expect(after.echoes).toBe(before.echoes)
})

test('another secret under the same name is another candidate, and is masked', () => {
  const before = nextSnapshot(null, read('secret-one', 'secret-two'), [], uses)
  const after = nextSnapshot(before, read('secret-one', 'secret-new'), [], uses)
  expect(after.candidates[0]).toBe(before.candidates[0])
  expect(after.candidates[1]).not.toBe(before.candidates[1])
  expect(after.echoes[0]?.forms).toContain('secret-new')
  expect(after.echoes[0]?.forms).not.toContain('secret-two')
})

test('a version that is gone is masked as long as a request holds it', () => {
  const before = nextSnapshot(null, read('secret-one'), [], uses)
  const held = nextSnapshot(before, read('secret-one'), [liveVersion(0, 'secret-old')], uses)
  expect(held.candidates).toBe(before.candidates)
  expect(held.echoes[0]?.forms).toContain('secret-old')
  const gone = nextSnapshot(held, read('secret-one'), [], uses)
  expect(gone.echoes[0]?.forms).not.toContain('secret-old')
})
