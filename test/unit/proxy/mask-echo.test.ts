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

test('a secret with spaces is found, between them and around them', () => {
  const echoes = echoesOf(['correct horse battery', ' edge ', 'a b c d'])
  const texts = [
    '<correct horse battery>',
    'correct horse  battery',
    'x edge y',
    'edge',
    'za b c dz',
  ]
  const fields = texts.flatMap((text) => ['X', text])
  const reason = maskEcho(fields, 'so: a b c d', echoes)
  expect(fields.filter((text) => text !== 'X')).toEqual([
    `<${'*'.repeat(21)}>`,
    'correct horse  battery',
    `x${'*'.repeat(6)}y`,
    'edge',
    `z${'*'.repeat(7)}z`,
  ])
  expect(reason).toBe(`so: ${'*'.repeat(7)}`)
})

test('a secret of spaces alone is found', () => {
  const fields = ['X', 'a     b']
  maskEcho(fields, 'OK', echoesOf(['    ']))
  expect(fields).toEqual(['X', 'a**** b'])
})

test('it makes no difference how words and spaces lie around a secret', () => {
  for (const secret of [SHORT, 'two words', ' led', 'trail ']) {
    const echoes = echoesOf([secret, LONG])
    for (const around of ['', ' ', 'x', 'x ', ' x', 'word word ', '  ']) {
      const fields = ['X', `${around}${secret}${around}`]
      maskEcho(fields, '', echoes)
      expect(fields[1]).toBe(`${around}${'*'.repeat(secret.length)}${around}`)
    }
  }
})
