import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ManagementAuth, Provider } from '../../src/kernel/ports/provider.ts'
import { SecretValue } from '../../src/kernel/secret-value.ts'

/** What a call can meet on its way. `hanging`: it arrives, and no answer comes. */
export type Trouble =
  'throttled' | 'failing' | 'lost-request' | 'lost-answer' | 'unreachable' | 'hanging'

export type ProviderCall = 'list' | 'create' | 'revoke' | 'verify'

/** A provider whose account has one secret and one free slot, and the service behind it. */
export interface ProviderUnderTest {
  readonly provider: Provider
  /** The account with its one secret. */
  readonly auth: ManagementAuth
  /** A value that its rule refuses. */
  readonly invalidValue: SecretValue
  /** A value that its rule accepts, another one for each number. */
  validValue(number: number): SecretValue
  /** The next such call meets it. `throttled` asks to wait for `THROTTLED_MS`. */
  trouble(call: ProviderCall, trouble: Trouble): Promise<void>
  /** Resolves when a `hanging` call has arrived. */
  hanging(): Promise<void>
  dispose(): Promise<void>
}

export const THROTTLED_MS = 15_000

const NOW = new AbortController().signal
const UNANSWERED = ['failing', 'lost-request', 'lost-answer', 'unreachable'] as const
const MANAGEMENT = ['list', 'create', 'revoke'] as const

/** What every provider of the list model promises, whatever is behind it. */
export function describeProvider(name: string, setUp: () => Promise<ProviderUnderTest>): void {
  let under: ProviderUnderTest
  let provider: Provider
  let auth: ManagementAuth

  beforeEach(async () => {
    under = await setUp()
    provider = under.provider
    auth = under.auth
  })
  afterEach(() => under.dispose())

  const listedIds = async (by = auth): Promise<readonly string[]> => {
    const answer = await provider.list(by, NOW)
    if (answer.kind !== 'listed') throw new Error(`not listed: ${answer.kind}`)
    return answer.secrets.map(({ secretId }) => secretId)
  }
  const create = async (value: SecretValue, by = auth): Promise<string> => {
    const answer = await provider.create(by, value, NOW)
    if (answer.kind !== 'created') throw new Error(`not created: ${answer.kind}`)
    return answer.secretId
  }
  const perform = (call: (typeof MANAGEMENT)[number], signal = NOW, by = auth) => {
    if (call === 'list') return provider.list(by, signal)
    if (call === 'create') return provider.create(by, under.validValue(1), signal)
    return provider.revoke(by, 'no-such-id', signal)
  }

  describe(`${name}: secrets`, () => {
    test('its traits make sense', () => {
      const { model, secretsMin, secretsMax, valueRule, propagationMaxMs } = provider.traits
      expect(model).toBe('list')
      expect(secretsMin).toBeLessThan(secretsMax)
      expect(propagationMaxMs).toBeGreaterThan(0)
      expect(valueRule.classes.length).toBeLessThanOrEqual(valueRule.length)
      for (const character of valueRule.classes.join('')) {
        expect(valueRule.alphabet).toContain(character)
      }
    })

    test('the one secret is listed, active, with an id and a time', async () => {
      const answer = await provider.list(auth, NOW)
      expect(answer).toMatchObject({ kind: 'listed', secrets: [{ active: true }] })
      const [secret] = answer.kind === 'listed' ? answer.secrets : []
      expect(secret?.secretId).not.toBe('')
      expect(secret?.createdAtMs).toBeGreaterThan(0)
    })

    test('a created secret is listed by its id, accepted, and may manage', async () => {
      const before = await listedIds()
      const value = under.validValue(1)
      const id = await create(value)
      expect(before).not.toContain(id)
      expect((await listedIds()).toSorted()).toEqual([...before, id].toSorted())
      expect(await provider.verify(value, NOW)).toEqual({ kind: 'accepted' })
      expect(await listedIds({ ...auth, secret: value })).toContain(id)
    })

    test('beyond the last slot a create is refused as slots-full, and nothing changes', async () => {
      await create(under.validValue(1))
      const before = await listedIds()
      const answer = await provider.create(auth, under.validValue(2), NOW)
      expect(answer).toEqual({ kind: 'slots-full' })
      expect(await listedIds()).toEqual(before)
      expect(await provider.verify(under.validValue(2), NOW)).toMatchObject({ kind: 'refused' })
    })

    test('a value that breaks the rule is invalid, and nothing changes', async () => {
      const answer = await provider.create(auth, under.invalidValue, NOW)
      expect(answer).toEqual({ kind: 'invalid-value' })
      expect(await listedIds()).toHaveLength(1)
    })

    test('a revoked secret is gone, refused, and revoking it again says absent', async () => {
      const value = under.validValue(1)
      const id = await create(value)
      expect(await provider.revoke(auth, id, NOW)).toEqual({ kind: 'revoked' })
      expect(await listedIds()).not.toContain(id)
      expect(await provider.verify(value, NOW)).toMatchObject({ kind: 'refused' })
      expect(await provider.revoke(auth, id, NOW)).toEqual({ kind: 'absent' })
    })

    test('the survivor revokes the old secret, which then manages nothing', async () => {
      const [old = ''] = await listedIds()
      const survivor = { ...auth, secret: under.validValue(1) }
      await create(survivor.secret)
      expect(await provider.revoke(survivor, old, NOW)).toEqual({ kind: 'revoked' })
      expect(await provider.list(auth, NOW)).toEqual({ kind: 'unauthorized' })
      expect(await listedIds(survivor)).toHaveLength(1)
    })

    test('the last secret is not revoked', async () => {
      const [only = ''] = await listedIds()
      expect(await provider.revoke(auth, only, NOW)).toEqual({ kind: 'last-secret' })
      expect(await listedIds()).toEqual([only])
    })

    test.each(MANAGEMENT)('%s with a wrong secret is unauthorized', async (call) => {
      const wrong = { ...auth, secret: under.validValue(9) }
      expect(await perform(call, NOW, wrong)).toEqual({ kind: 'unauthorized' })
    })
  })

  describe(`${name}: trouble`, () => {
    test.each(MANAGEMENT.flatMap((call) => UNANSWERED.map((trouble) => [call, trouble] as const)))(
      '%s that meets %s is unavailable',
      async (call, trouble) => {
        await under.trouble(call, trouble)
        expect(await perform(call)).toEqual({ kind: 'unavailable' })
      },
    )

    test.each(MANAGEMENT)('%s that is throttled says for how long', async (call) => {
      await under.trouble(call, 'throttled')
      const throttled = { kind: 'throttled', retryAfterMs: THROTTLED_MS }
      expect(await perform(call)).toEqual(throttled)
    })

    test.each(MANAGEMENT)('%s ends when its signal aborts', async (call) => {
      await under.trouble(call, 'hanging')
      const controller = new AbortController()
      const answer = perform(call, controller.signal)
      await under.hanging()
      controller.abort()
      expect(await answer).toEqual({ kind: 'unavailable' })
    })

    test('a create whose answer is lost has happened; one whose request is lost has not', async () => {
      await under.trouble('create', 'lost-request')
      await provider.create(auth, under.validValue(1), NOW)
      expect(await listedIds()).toHaveLength(1)
      await under.trouble('create', 'lost-answer')
      await provider.create(auth, under.validValue(1), NOW)
      expect(await listedIds()).toHaveLength(2)
      expect(await provider.verify(under.validValue(1), NOW)).toEqual({ kind: 'accepted' })
    })
  })

  describe(`${name}: verify`, () => {
    test('a live secret is accepted, a wrong one is refused by a named service', async () => {
      expect(await provider.verify(auth.secret, NOW)).toEqual({ kind: 'accepted' })
      const refused = await provider.verify(under.validValue(9), NOW)
      expect(refused.kind).toBe('refused')
      expect(refused.kind === 'refused' && refused.service).toMatch(/./)
    })

    test.each(UNANSWERED)('%s is inconclusive', async (trouble) => {
      await under.trouble('verify', trouble)
      expect(await provider.verify(auth.secret, NOW)).toMatchObject({
        kind: 'inconclusive',
        retryAfterMs: null,
      })
    })

    test('throttling is inconclusive, and says for how long', async () => {
      await under.trouble('verify', 'throttled')
      expect(await provider.verify(auth.secret, NOW)).toMatchObject({
        kind: 'inconclusive',
        retryAfterMs: THROTTLED_MS,
      })
    })

    test('an aborted call is inconclusive', async () => {
      await under.trouble('verify', 'hanging')
      const controller = new AbortController()
      const answer = provider.verify(auth.secret, controller.signal)
      await under.hanging()
      controller.abort()
      expect(await answer).toMatchObject({ kind: 'inconclusive', retryAfterMs: null })
      expect(await provider.verify(auth.secret, AbortSignal.abort())).toMatchObject({
        kind: 'inconclusive',
      })
    })
  })
}
