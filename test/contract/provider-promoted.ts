import { expect, test } from 'vitest'
import { NOW, type ProviderBench } from './provider-bench.ts'

/** What a provider of the promote model promises of its two places. */
export function describePromoted(bench: ProviderBench): void {
  const promote = (secret = bench.auth.secret) =>
    bench.perform('promote', NOW, { ...bench.auth, secret })
  const slots = () => bench.provider.traits.slots ?? { primary: '', secondary: '' }

  test('there is no list', async () => {
    expect(await bench.provider.list(bench.auth, NOW)).toEqual({ kind: 'forbidden' })
  })

  test('a created secret is the secondary, accepted beside the primary, and may manage', async () => {
    const { id, value } = await bench.create(1)
    expect(id).toBe(slots().secondary)
    expect(await bench.provider.verify(value, NOW)).toEqual({ kind: 'accepted' })
    expect(await bench.provider.verify(bench.auth.secret, NOW)).toEqual({ kind: 'accepted' })
    const by = { ...bench.auth, secret: value }
    expect(await bench.provider.create(by, null, NOW)).toEqual({ kind: 'slots-full' })
  })

  test('beside a secondary a create is refused as slots-full, and nothing changes', async () => {
    const { value } = await bench.create(1)
    const answer = await bench.provider.create(bench.auth, bench.given(2), NOW)
    expect(answer).toEqual({ kind: 'slots-full' })
    expect(await bench.provider.verify(value, NOW)).toEqual({ kind: 'accepted' })
  })

  test('a promotion ends the primary and frees the place of the secondary', async () => {
    const { value } = await bench.create(1)
    expect(await promote(value)).toEqual({ kind: 'promoted' })
    expect(await bench.provider.verify(value, NOW)).toEqual({ kind: 'accepted' })
    expect(await bench.provider.verify(bench.auth.secret, NOW)).toMatchObject({ kind: 'refused' })
    const next = await bench.create(2, { ...bench.auth, secret: value })
    expect(next.value.equals(value)).toBe(false)
  })

  test('a promotion that happened already says absent, and changes nothing', async () => {
    const { value } = await bench.create(1)
    await promote(value)
    expect(await promote(value)).toEqual({ kind: 'absent' })
    expect(await bench.provider.verify(value, NOW)).toEqual({ kind: 'accepted' })
  })

  test('the primary does not promote the secondary: it would end itself', async () => {
    const { value } = await bench.create(1)
    expect((await promote()).kind).not.toBe('promoted')
    expect(await bench.provider.verify(bench.auth.secret, NOW)).toEqual({ kind: 'accepted' })
    expect(await bench.provider.verify(value, NOW)).toEqual({ kind: 'accepted' })
  })

  test('a revoked secondary is refused, and revoking it again says absent', async () => {
    const { id, value } = await bench.create(1)
    expect(await bench.provider.revoke(bench.auth, id, NOW)).toEqual({ kind: 'revoked' })
    expect(await bench.provider.verify(value, NOW)).toMatchObject({ kind: 'refused' })
    expect(await bench.provider.revoke(bench.auth, id, NOW)).toEqual({ kind: 'absent' })
  })

  test('the primary is not revoked, nor is an id that names no place', async () => {
    const { primary } = slots()
    expect(await bench.provider.revoke(bench.auth, primary, NOW)).toEqual({ kind: 'last-secret' })
    expect(await bench.provider.revoke(bench.auth, 'other', NOW)).toEqual({ kind: 'absent' })
    expect(await bench.provider.verify(bench.auth.secret, NOW)).toEqual({ kind: 'accepted' })
  })

  test('a promotion whose answer is lost has happened; one whose request is lost has not', async () => {
    const { value } = await bench.create(1)
    await bench.under.trouble('promote', 'lost-request')
    expect(await promote(value)).toEqual({ kind: 'unavailable' })
    expect(await bench.provider.verify(bench.auth.secret, NOW)).toEqual({ kind: 'accepted' })
    await bench.under.trouble('promote', 'lost-answer')
    expect(await promote(value)).toEqual({ kind: 'unavailable' })
    expect(await bench.provider.verify(bench.auth.secret, NOW)).toMatchObject({ kind: 'refused' })
  })
}
