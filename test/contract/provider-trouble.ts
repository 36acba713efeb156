import { describe, expect, test } from 'vitest'
import { NOW, type ProviderBench } from './provider-bench.ts'
import { THROTTLED_MS } from './provider-under-test.ts'

/** Calls that may have happened, and say so. */
export const UNANSWERED = ['failing', 'lost-request', 'lost-answer', 'unreachable'] as const

/** What every provider promises of management calls that go wrong. */
export function describeTrouble(bench: ProviderBench): void {
  describe.each(bench.calls)('%s', (call) => {
    test('is unauthorized where its authentication is refused', async () => {
      expect(await bench.performUnauthorized(call)).toEqual({ kind: 'unauthorized' })
    })

    test.each(UNANSWERED)('that meets %s is unavailable', async (trouble) => {
      await bench.under.trouble(call, trouble)
      expect(await bench.perform(call)).toEqual({ kind: 'unavailable' })
    })

    test('that is throttled says for how long', async () => {
      await bench.under.trouble(call, 'throttled')
      const throttled = { kind: 'throttled', retryAfterMs: THROTTLED_MS }
      expect(await bench.perform(call)).toEqual(throttled)
    })

    test('ends when its signal aborts', async () => {
      await bench.under.trouble(call, 'hanging')
      const controller = new AbortController()
      const answer = bench.perform(call, controller.signal)
      await bench.under.hanging()
      controller.abort()
      expect(await answer).toEqual({ kind: 'unavailable' })
    })
  })

  test('a create whose answer is lost has happened; one whose request is lost has not', async () => {
    await bench.under.trouble('create', 'lost-request')
    await bench.provider.create(bench.auth, bench.given(1), NOW)
    await bench.under.trouble('create', 'lost-answer')
    const lost = await bench.provider.create(bench.auth, bench.given(1), NOW)
    // The first one did not take the slot, or the second one could not have.
    expect(lost).toEqual({ kind: 'unavailable' })
    expect(await bench.isFull()).toBe(true)
    if (bench.shape.valueSource === 'server') return
    const verdict = await bench.provider.verify(bench.under.validValue(1), NOW)
    expect(verdict).toEqual({ kind: 'accepted' })
  })
}
