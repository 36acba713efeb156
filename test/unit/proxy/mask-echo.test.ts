import { expect, test } from 'vitest'
import { maskEcho } from '../../../src/proxy/mask-echo.ts'
import { echoesOf } from '../../../src/proxy/render-credential.ts'

const SHORT = 'k3y-8fQ2'
const LONG = 'a-longer-secret-41'
const both = echoesOf([SHORT, LONG])

test('an echo is masked wherever it stands in a field, be the field no longer than the secret itself', () => {
  const fields = ['X-Echo', SHORT, 'X-Long', `<${LONG}>`, SHORT, 'as a name', 'Server', 'nginx']
  expect(maskEcho(fields, 'OK', both)).toBe('OK')
  const hidden = '*'.repeat(SHORT.length)
  expect(fields).toEqual([
    'X-Echo',
    hidden,
    'X-Long',
    `<${'*'.repeat(LONG.length)}>`,
    hidden,
    'as a name',
    'Server',
    'nginx',
  ])
})

test('a reason phrase is masked, and nothing else is changed', () => {
  const fields = ['Server', 'nginx']
  expect(maskEcho(fields, `no ${LONG} here`, both)).toBe(`no ${'*'.repeat(LONG.length)} here`)
  expect(maskEcho(fields, SHORT, both)).toBe('*'.repeat(SHORT.length))
  expect(fields).toEqual(['Server', 'nginx'])
})

test('one text alone is looked for in the same way', () => {
  const fields = ['X-Echo', LONG, 'X-Part', LONG.slice(1)]
  maskEcho(fields, '', echoesOf([LONG]))
  expect(fields).toEqual(['X-Echo', '*'.repeat(LONG.length), 'X-Part', LONG.slice(1)])
})

test('two texts side by side are not one', () => {
  const fields = [LONG.slice(0, 9), LONG.slice(9)]
  maskEcho(fields, LONG.slice(0, 9), both)
  expect(fields.join('')).toBe(LONG)
})
