import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Injection } from '../../../src/kernel/route.ts'
import { maskEcho } from '../../../src/proxy/mask-echo.ts'
import { percentEncode } from '../../../src/proxy/percent-encode.ts'
import { compilePlacement, type WrittenPlacement } from '../../../src/proxy/placement.ts'
import {
  echoesOf,
  echoForms,
  renderHeader,
  renderPairs,
} from '../../../src/proxy/render-credential.ts'
import { isComputed } from '../../../src/proxy/write-computed.ts'
import { liveVersion } from '../../fakes/version-source.ts'

const PUBLIC = { apiKey: 'a1b2c3d4' }

function headerOf(injection: Injection, secret: string): string {
  const place = placementOf(injection)
  if (place.kind !== 'header') throw new Error('it is no header field')
  return renderHeader(place, liveVersion(1, secret), PUBLIC)
}

function valueOf(injection: Injection, secret: string): string {
  const place = placementOf(injection)
  if (place.kind === 'header') throw new Error('it has no pairs')
  return renderPairs(place, liveVersion(1, secret), PUBLIC).pairs[0]?.value ?? ''
}

function placementOf(injection: Injection): WrittenPlacement {
  const none = () => {
    throw new Error('nothing is computed here')
  }
  const place = compilePlacement(injection, [], {
    signer: none,
    signParameters: none,
    tokens: none,
  })
  if (isComputed(place) || place.kind === 'signed-parameters') return none()
  return place
}

const text = fc.string({ unit: 'grapheme' })

test('a secret inside a longer base64 is found, wherever it begins', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 8, unit: 'grapheme-ascii' }), text, text, (secret, a, b) => {
      const echo = echoesOf(echoForms([liveVersion(1, secret)], {}))
      const fields = ['x-echo', Buffer.from(a + secret + b, 'utf8').toString('base64')]
      maskEcho(fields, '', echo)
      expect(fields[1]).toContain('*'.repeat(Math.floor((secret.length * 8) / 6) - 1))
    }),
  )
})

test.each([
  ['JavaScript, a component', "p%20%26%3C%3E%22'~*%2B%2F!"],
  ['JavaScript, a URL', "p%20&%3C%3E%22'~*+/!"],
  ['a form, by browsers', 'p+%26%3C%3E%22%27%7E*%2B%2F%21'],
  ['a form, by PHP', 'p+%26%3C%3E%22%27%7E%2A%2B%2F%21'],
  ['a path, by Python', 'p%20%26%3C%3E%22%27~%2A%2B/%21'],
  ['JSON, by Go', String.raw`p \u0026\u003c\u003e\"'~*+/!`],
  ['JSON, by .NET', String.raw`p \u0026\u003C\u003E\u0022\u0027~*\u002B/!`],
  ['JSON, by PHP', String.raw`p &<>\"'~*+\/!`],
  ['HTML, by PHP', 'p &amp;&lt;&gt;&quot;&#039;~*+/!'],
  ['HTML, by Python', 'p &amp;&lt;&gt;&quot;&#x27;~*+/!'],
  ['HTML, by Go', 'p &amp;&lt;&gt;&#34;&#39;~*&#43;/!'],
])('a secret is found as it is written in %s', (_name, written) => {
  const echo = echoesOf(echoForms([liveVersion(1, `p &<>"'~*+/!`)], {}))
  const fields = ['x-echo', `a=${written};`]
  maskEcho(fields, '', echo)
  expect(fields[1]).toBe(`a=${'*'.repeat(written.length)};`)
})

test('row 37: any text makes an exact round trip through query, form, JSON and Basic', () => {
  fc.assert(
    fc.property(text, (secret) => {
      const pairs = [{ name: 's', template: '{secret}' }]
      const members = [{ name: '/s', template: '{secret}' }]
      const query = valueOf({ kind: 'query', parameters: pairs }, secret)
      const json = valueOf({ kind: 'json', members }, secret)
      const basic = headerOf({ kind: 'basic', username: '{apiKey}', password: '{secret}' }, secret)
      expect(new URLSearchParams(`s=${query}`).get('s')).toBe(secret)
      expect(JSON.parse(json)).toBe(secret)
      expect(Buffer.from(basic.slice(6), 'base64').toString()).toBe(`a1b2c3d4:${secret}`)
    }),
  )
})

test.each(['', 'a\r\nX: y', 'a\0', 'é', ' a', 'a ', '漢', '\x7f'])(
  'row 37: %j can not stand in a header, and the error does not show it',
  (secret) => {
    const error = (() => {
      try {
        headerOf({ kind: 'header', name: 'X-Key', format: '{secret}' }, secret)
      } catch (thrown) {
        return thrown as Error
      }
      return null
    })()
    expect(error?.message).toBe('the secret can not stand in a header field')
  },
)

test('a secret that looks like a template is not filled in again', () => {
  const injection = { kind: 'header', name: 'X-Key', format: '{secret}' } as const
  expect(headerOf(injection, '{apiKey}')).toBe('{apiKey}')
})

test('every form of a secret is masked by as many asterisks', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 6 }), (secret) => {
      const echo = echoesOf(echoForms([liveVersion(1, secret)], PUBLIC))
      for (const form of [secret, percentEncode(secret), Buffer.from(secret).toString('base64')]) {
        const fields = ['X-Echo', `>${form}<`]
        maskEcho(fields, '', echo)
        expect(fields[1]).toHaveLength(form.length + 2)
        expect(fields[1]).not.toContain(form)
      }
    }),
  )
})
