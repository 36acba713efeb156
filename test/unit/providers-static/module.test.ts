import { expect, test } from 'vitest'
import type { ProviderModule } from '../../../src/config/provider-module.ts'
import { staticModule } from '../../../src/providers/static/module.ts'

test('is a provider that takes no keys of its own and creates nothing', () => {
  const provider: ProviderModule = staticModule
  expect(provider.name).toBe('static')
  expect('create' in provider).toBe(false)
  expect(provider.keys.safeParse({}).success).toBe(true)
  expect(provider.keys.safeParse({ apiKey: 'a1b2c3d4' }).success).toBe(false)
  expect(provider.account({})).toBe('')
  expect(provider.publicValues({})).toEqual({})
})
