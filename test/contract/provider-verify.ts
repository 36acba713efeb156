import { expect, test } from 'vitest'
import { NOW, type ProviderBench } from './provider-bench.ts'
import { UNANSWERED } from './provider-trouble.ts'
import { THROTTLED_MS } from './provider-under-test.ts'

/** What every provider promises of its probes: three answers, and no effect. */
export function describeVerify(bench: ProviderBench): void {
  const verify = (signal = NOW) => bench.provider.verify(bench.auth.secret, signal)

  test('a live secret is accepted, a wrong one is refused by a named service', async () => {
    expect(await verify()).toEqual({ kind: 'accepted' })
    const refused = await bench.provider.verify(bench.under.validValue(9), NOW)
    expect(refused.kind).toBe('refused')
    expect(refused.kind === 'refused' && refused.service).toMatch(/./)
  })

  test.each(UNANSWERED)('%s is inconclusive', async (trouble) => {
    await bench.under.trouble('verify', trouble)
    expect(await verify()).toMatchObject({ kind: 'inconclusive', retryAfterMs: null })
  })

  test('throttling is inconclusive, and says for how long', async () => {
    await bench.under.trouble('verify', 'throttled')
    expect(await verify()).toMatchObject({ kind: 'inconclusive', retryAfterMs: THROTTLED_MS })
  })

  test('an aborted call is inconclusive', async () => {
    await bench.under.trouble('verify', 'hanging')
    const controller = new AbortController()
    const answer = verify(controller.signal)
    await bench.under.hanging()
    controller.abort()
    expect(await answer).toMatchObject({ kind: 'inconclusive', retryAfterMs: null })
    expect(await verify(AbortSignal.abort())).toMatchObject({ kind: 'inconclusive' })
  })
}
