import { expect, test } from 'vitest'
import { NOW, type ProviderBench } from './provider-bench.ts'

/** What a provider of the list model promises of its secrets. */
export function describeListed(bench: ProviderBench): void {
  const { valueSource, selfManaged, secretsMin } = bench.shape

  test('the one secret is listed, active, with an id and a time, if any is told', async () => {
    const answer = await bench.provider.list(bench.auth, NOW)
    expect(answer).toMatchObject({ kind: 'listed', secrets: [{ active: true }] })
    const [secret] = answer.kind === 'listed' ? answer.secrets : []
    expect(secret?.secretId).not.toBe('')
    const { createdAtMs = -1 } = secret ?? {}
    expect(createdAtMs === 0 || createdAtMs > Date.parse('2020-01-01')).toBe(true)
  })

  test('a list holds ids, times and states, and no value, whatever the API shows', async () => {
    await bench.create(1)
    const answer = await bench.provider.list(bench.auth, NOW)
    const secrets = answer.kind === 'listed' ? answer.secrets : []
    expect(secrets).toHaveLength(2)
    for (const secret of secrets) {
      expect(Object.keys(secret).toSorted()).toEqual(['active', 'createdAtMs', 'secretId'])
    }
  })

  test('a created secret is listed by its id, and accepted', async () => {
    const before = await bench.listedIds()
    const { id, value } = await bench.create(1)
    expect(before).not.toContain(id)
    expect((await bench.listedIds()).toSorted()).toEqual([...before, id].toSorted())
    expect(await bench.provider.verify(value, NOW)).toEqual({ kind: 'accepted' })
  })

  test(`a created secret ${selfManaged ? 'may manage' : 'manages nothing by itself'}`, async () => {
    const { id, value } = await bench.create(1)
    expect(await bench.listedIds({ ...bench.auth, secret: value })).toContain(id)
    if (selfManaged) return
    expect(await bench.performUnauthorized('list')).toEqual({ kind: 'unauthorized' })
  })

  test('beyond the last slot a create is refused as slots-full, and nothing changes', async () => {
    await bench.create(1)
    const before = await bench.listedIds()
    const answer = await bench.provider.create(bench.auth, bench.given(2), NOW)
    expect(answer).toEqual({ kind: 'slots-full' })
    expect(await bench.listedIds()).toEqual(before)
    const other = await bench.provider.verify(bench.under.validValue(2), NOW)
    expect(other).toMatchObject({ kind: 'refused' })
  })

  if (valueSource !== 'server') {
    test('a value that breaks the rule is invalid, and nothing changes', async () => {
      const answer = await bench.provider.create(bench.auth, bench.under.invalidValue, NOW)
      expect(answer).toEqual({ kind: 'invalid-value' })
      expect(await bench.listedIds()).toHaveLength(1)
    })
  }

  test('a revoked secret is gone, refused, and revoking it again says absent', async () => {
    const { id, value } = await bench.create(1)
    expect(await bench.provider.revoke(bench.auth, id, NOW)).toEqual({ kind: 'revoked' })
    expect(await bench.listedIds()).not.toContain(id)
    expect(await bench.provider.verify(value, NOW)).toMatchObject({ kind: 'refused' })
    expect(await bench.provider.revoke(bench.auth, id, NOW)).toEqual({ kind: 'absent' })
  })

  test('the survivor stays when the old secret is revoked, which is then refused', async () => {
    const [old = ''] = await bench.listedIds()
    const { value } = await bench.create(1)
    const survivor = { ...bench.auth, secret: value }
    expect(await bench.provider.revoke(survivor, old, NOW)).toEqual({ kind: 'revoked' })
    expect(await bench.provider.verify(bench.auth.secret, NOW)).toMatchObject({ kind: 'refused' })
    expect(await bench.listedIds(survivor)).toHaveLength(1)
    if (!selfManaged) return
    expect(await bench.provider.list(bench.auth, NOW)).toEqual({ kind: 'unauthorized' })
  })

  // Where the provider would revoke it too, only the rotation's own rules keep it.
  if (secretsMin === 0) return
  test('the last secret is not revoked', async () => {
    const [only = ''] = await bench.listedIds()
    expect(await bench.provider.revoke(bench.auth, only, NOW)).toEqual({ kind: 'last-secret' })
    expect(await bench.listedIds()).toEqual([only])
    const still = await bench.provider.verify(bench.auth.secret, NOW)
    expect(still).toEqual({ kind: 'accepted' })
  })
}
