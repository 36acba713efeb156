import { expect, test } from 'vitest'
import type { VersionSource } from '../../../src/kernel/ports/version-source.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { UseLedger } from '../../../src/wiring/use-ledger.ts'

function sourceOf(versions: Readonly<Record<number, string>>): VersionSource {
  return {
    credentialId: 'partner',
    load: () =>
      Promise.resolve({
        credentialId: 'partner',
        publicValues: {},
        versions: Object.entries(versions).map(([generation, versionId]) => ({
          versionId,
          generation: Number(generation),
          stage: 'current' as const,
          value: new SecretValue(versionId),
          fingerprint: versionId,
        })),
      }),
    watch: () => () => {},
  }
}

/** Follows a map that a test writes into: when each version was used. */
function uses(ledger: UseLedger, seen: Readonly<Record<string, number>>): void {
  ledger.follow('partner', { lastUsedAtMs: (versionId) => seen[versionId] ?? null })
}

test('a use in another process is known under the version’s name, whatever its generation was there', async () => {
  const [here, there] = [new UseLedger(), new UseLedger()]
  await there.naming(sourceOf({ 4: 's-abc' })).load()
  uses(there, { 's-abc': 1_000 })
  here.learn(there.report())
  here.learn([{ credentialId: 'partner', versionId: 's-abc', atMs: 900 }])
  expect(here.lastUsedAtMs('partner', 's-abc')).toBe(1_000)
  expect(here.lastUsedAtMs('partner', 's-other')).toBeNull()
})

test('a version that was never loaded has no name to be used under', () => {
  const ledger = new UseLedger()
  uses(ledger, { 's-abc': 1_000 })
  expect(ledger.report()).toEqual([])
})

test('it remembers a few versions of a credential, and no credential that is gone', async () => {
  const ledger = new UseLedger()
  for (let generation = 1; generation <= 100; generation++) {
    await ledger.naming(sourceOf({ [generation]: `s-${generation}` })).load()
    uses(ledger, { [`s-${generation}`]: generation })
  }
  expect(ledger.report()).toHaveLength(8)
  expect(ledger.lastUsedAtMs('partner', 's-100')).toBe(100)
  ledger.retain(new Set())
  expect(ledger.report()).toEqual([])
})

test('what is live is remembered, whatever other processes tell of versions that are gone', async () => {
  const ledger = new UseLedger()
  await ledger.naming(sourceOf({ 1: 's-live' })).load()
  const told = Array.from({ length: 20 }, (_, n) => ({ versionId: `s-${n}`, atMs: n }))
  ledger.learn(told.map((one) => ({ credentialId: 'partner', ...one })))
  uses(ledger, { 's-live': 5_000 })
  expect(ledger.lastUsedAtMs('partner', 's-live')).toBe(5_000)
  expect(ledger.report()).toHaveLength(8)
})

test('after a reload that failed, what goes on being used is known', async () => {
  const ledger = new UseLedger()
  await ledger.naming(sourceOf({ 1: 's-served' })).load()
  await ledger.naming(sourceOf({ 1: 's-never-served' })).load()
  uses(ledger, { 's-served': 2_000 })
  expect(ledger.report()).toEqual([{ credentialId: 'partner', versionId: 's-served', atMs: 2_000 }])
})
