import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BodyMask } from '../../../src/proxy/mask-body.ts'
import type { Echo } from '../../../src/proxy/mask-echo.ts'
import { echoesOf, echoForms } from '../../../src/proxy/render-credential.ts'
import { liveVersion } from '../../fakes/version-source.ts'

const SECRET = 'S3cr/t+with"<odd>&é text'

function formsOf(...secrets: string[]): Echo {
  const forms = echoForms(
    secrets.map((secret, i) => liveVersion(i + 1, secret)),
    { apiKey: 'a1b2c3d4' },
  )
  const [echo] = echoesOf(forms).echoes
  if (echo === undefined) throw new Error('there is something to look for')
  return echo
}

/** A body in pieces, masked; what went on after each piece. */
function mask(echo: Echo, pieces: readonly Buffer[]): Buffer[] {
  const body = new BodyMask(echo)
  return [...pieces.map((piece) => body.next(piece)), body.last()]
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)), bytes.length]
  const sorted = places.toSorted((a, b) => a - b)
  return sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end))
}

test('wherever a body is cut, the same bytes are masked, and as many come out', () => {
  const echo = formsOf(SECRET, 'S3cr/t+with', 'other-secret')
  const forms = echo.forms.map((form) => Buffer.from(form, 'latin1'))
  const part = fc.oneof(
    fc.constantFrom(...forms),
    fc.constantFrom(...forms).map((form) => form.subarray(0, -1)),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  )
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (parts, at) => {
        const bytes = Buffer.concat(parts)
        const whole = bytes
          .toString('latin1')
          .replaceAll(new RegExp(echo.pattern), (found) => '*'.repeat(found.length))
        const masked = Buffer.concat(mask(echo, cut(bytes, at)))
        expect(masked.toString('latin1')).toBe(whole)
      },
    ),
    { numRuns: 2_000 },
  )
})

test.each([
  ['as it is', SECRET],
  ['base64', Buffer.from(SECRET).toString('base64')],
  ['base64 without padding', Buffer.from(SECRET).toString('base64').replaceAll('=', '')],
  ['base64url', Buffer.from(SECRET).toString('base64url')],
  ['the pair of Basic', Buffer.from(`a1b2c3d4:${SECRET}`).toString('base64')],
  ['percent-encoded', encodeURIComponent(SECRET)],
  ['JSON', JSON.stringify(SECRET).slice(1, -1)],
  ['JSON with escaped slashes', JSON.stringify(SECRET).slice(1, -1).replaceAll('/', '\\/')],
  ['JSON in ASCII', 'S3cr/t+with\\"<odd>&\\u00e9 text'],
  ['HTML', 'S3cr/t+with&quot;&lt;odd&gt;&amp;é text'],
  ['hex', Buffer.from(SECRET).toString('hex')],
])('byte by byte, %s is masked', (_name, form) => {
  const bytes = Buffer.from(`>${form}<`)
  const pieces = [...bytes].map((byte) => Buffer.from([byte]))
  const masked = Buffer.concat(mask(formsOf(SECRET), pieces)).toString('latin1')
  expect(masked).toBe(`>${'*'.repeat(bytes.length - 2)}<`)
})

test('what can not begin a secret goes on at once', () => {
  const body = new BodyMask(formsOf(SECRET))
  expect(body.next(Buffer.from('data: 1\n\n')).toString()).toBe('data: 1\n\n')
  expect(body.next(Buffer.from('data: S3c')).toString()).toBe('data: ')
  expect(body.next(Buffer.from('!\n\n')).toString()).toBe('S3c!\n\n')
  expect(body.last()).toHaveLength(0)
})

test('where one secret begins another, neither its end nor itself is shown', () => {
  const echo = formsOf('abcdef', 'abcdefghij')
  expect(Buffer.concat(mask(echo, [Buffer.from('abcdef'), Buffer.from('ghij.')])).toString()).toBe(
    '**********.',
  )
  expect(Buffer.concat(mask(echo, [Buffer.from('abcdef'), Buffer.from('gh')])).toString()).toBe(
    '******gh',
  )
})
