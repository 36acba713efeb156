import { expect, test } from 'vitest'
import { describeWithTools } from '../../tools/describe-with-tools.ts'
import { ROTATING, STATIC } from './chart-values.ts'
import { appChartOfReadme, renderChart } from './render-chart.ts'
import { check, mount } from './running-sidekey.ts'

const SECRET = 'aB3aB3aB3aB3aB3aB3aB3'

describeWithTools('the rendered configuration', ['helm-4'], (path) => {
  test.each([
    ['that rotates', ROTATING, { vonage: SECRET }],
    ['that somebody else rotates', STATIC, { partner: 'key-of-the-partner' }],
  ])('of values %s is accepted by sidekey check', (_name, values, secrets) => {
    const checked = check(mount(renderChart(path('helm-4'), values), secrets))
    expect([checked.code, checked.said]).toEqual([0, expect.any(String)])
  })

  test("of README's app chart is accepted by sidekey check", () => {
    const app = appChartOfReadme(path('helm-4'))
    const checked = check(mount(renderChart(path('helm-4'), {}, app), { vonage: SECRET }))
    expect([checked.code, checked.said]).toEqual([0, expect.any(String)])
  })

  test('with a mistake in it is refused by sidekey check', () => {
    const config = { ...(STATIC['config'] as object), log: { level: 'loud' } }
    const manifests = renderChart(path('helm-4'), { ...STATIC, config })
    const checked = check(mount(manifests, { partner: 'key-of-the-partner' }))
    expect(checked.code).toBe(78)
    expect(checked.said).toContain('log.level')
  })
})
