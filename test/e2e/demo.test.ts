import { expect, test } from 'vitest'
import type { DemoFigures } from '../../src/cli/demo/figures.ts'
import { runCli } from './sidekey-process.ts'

test('the demo loses no request and leaks no secret', async () => {
  const argv = ['--seconds', '20', '--rate', '60', '--rotate-every', '2', '--json']
  const { code, out, err } = await runCli(['demo', ...argv])
  expect(code, err).toBe(0)
  const figures = JSON.parse(out) as DemoFigures & { readonly problems: readonly string[] }
  expect(figures).toMatchObject({
    failed: 0,
    leaks: [],
    problems: [],
    failures: [],
    revokedBehindItsBack: 1,
  })
  expect(figures.requests).toBeGreaterThan(100)
  expect(figures.rotations).toBeGreaterThan(0)
  expect(figures.replays).toBeGreaterThan(0)
  expect(figures.searched).toBeGreaterThan(5)
  expect(err).toContain('No request failed, no secret leaked.')
})
