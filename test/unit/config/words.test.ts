import { expect, test } from 'vitest'
import { isLoopback, parseListenAddress } from '../../../src/config/listen-address.ts'
import { Refusal } from '../../../src/config/refusal.ts'
import {
  parseHeaderName,
  parsePathPattern,
  parsePathPrefix,
  parsePointer,
  parseTemplate,
} from '../../../src/config/route-words.ts'
import { suggest } from '../../../src/config/suggest.ts'
import {
  formatDuration,
  parseDuration,
  parsePercentage,
  parseSize,
} from '../../../src/config/units.ts'
import { hasUserinfo, parseHost, parseUpstreamUrl } from '../../../src/config/upstream-url.ts'

test.each([
  ['500ms', 500],
  ['5s', 5_000],
  ['10m', 600_000],
  ['1h', 3_600_000],
  ['30d', 2_592_000_000],
])('%s is a duration', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
  expect(formatDuration(ms)).toBe(text)
})

test.each(['', '5', 's', '5 s', '-5s', '1.5h', '5S', '1h30m', '0s', '9999d', '1e3s', '5s\n'])(
  '%j is no duration',
  (text) => expect(parseDuration(text)).toBeInstanceOf(Refusal),
)

test.each([
  ['512KiB', 524_288],
  ['1MiB', 1_048_576],
  ['7B', 7],
])('%s is a size', (text, bytes) => expect(parseSize(text)).toBe(bytes))

test.each(['1MB', '1', '0B', '-1B', '1.5MiB', '99999999999GiB'])('%j is no size', (text) =>
  expect(parseSize(text)).toBeInstanceOf(Refusal),
)

test.each([
  ['10%', 0.1],
  ['0%', 0],
  ['2.5%', 0.025],
])('%s is a percentage', (text, ratio) => expect(parsePercentage(text)).toBeCloseTo(ratio, 9))

test.each(['10', '%', '101%', '-1%', '0.1'])('%j is no percentage', (text) =>
  expect(parsePercentage(text)).toBeInstanceOf(Refusal),
)

test.each([
  ['127.0.0.1:8080', { kind: 'tcp', host: '127.0.0.1', port: 8080 }],
  ['localhost:0', { kind: 'tcp', host: '127.0.0.1', port: 0 }],
  ['[::1]:8080', { kind: 'tcp', host: '::1', port: 8080 }],
  ['unix:/run/a.sock', { kind: 'unix', path: '/run/a.sock' }],
])('%s is an address to listen on', (text, address) =>
  expect(parseListenAddress(text)).toEqual(address),
)

test.each([
  '8080',
  ':8080',
  '127.0.0.1',
  '127.0.0.1:65536',
  '127.1:80',
  '::1:80',
  '[::1]',
  'example.org:80',
  'http://127.0.0.1:80',
  'unix:relative',
  'unix:/dir/',
  `unix:/${'a'.repeat(107)}`,
])('%j is no address to listen on', (text) =>
  expect(parseListenAddress(text)).toBeInstanceOf(Refusal),
)

test('loopback is 127/8, ::1 and localhost', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].every(isLoopback)).toBe(true)
  expect(['0.0.0.0', '::', '10.0.0.1', 'example.org', '128.0.0.1'].some(isLoopback)).toBe(false)
})

test.each([
  ['https://a.example', { origin: 'https://a.example', port: 443, plain: false }],
  ['https://a.example:8443/', { origin: 'https://a.example:8443', port: 8443, plain: false }],
  ['http://127.0.0.1:9000', { origin: 'http://127.0.0.1:9000', port: 9000, plain: false }],
  ['http://[::1]:9000', { origin: 'http://[::1]:9000', port: 9000, plain: false }],
  ['http://a.example', { origin: 'http://a.example', port: 80, plain: true }],
])('%s is an upstream', (text, expected) => expect(parseUpstreamUrl(text)).toMatchObject(expected))

test.each([
  'a.example',
  'ftp://a.example',
  'https://',
  'https://a.example/path',
  'https://a.example?x=1',
  'https://a.example#x',
  'https://user@a.example',
  'https:\\\\a.example',
  'https://a b.example',
  'https://a.example:99999',
])('%j is no upstream', (text) => expect(parseUpstreamUrl(text)).toBeInstanceOf(Refusal))

test('a URL with userinfo is seen wherever it stands', () => {
  expect(hasUserinfo('https://user:pass@a.example')).toBe(true)
  expect(hasUserinfo(' http:\\\\key@a.example')).toBe(true)
  expect(hasUserinfo('https://a.example/@x')).toBe(false)
  expect(hasUserinfo('someone@a.example')).toBe(false)
})

test.each(['A.example', 'a', 'a-b.c_d'])('%j is a host', (text) =>
  expect(parseHost(text)).toBe(text.toLowerCase()),
)
test.each(['a.example.', 'a.example:80', 'https://a', '-a', 'a..b', '', 'ä.example', '[::1]'])(
  '%j is no host',
  (text) => expect(parseHost(text)).toBeInstanceOf(Refusal),
)

test.each(['/', '/v1', '/v1/', '/v1/*', '/v1/*/x', '/**', '/v1/**', '/a.b/~c'])(
  '%j is a pattern of paths',
  (text) => expect(parsePathPattern(text)).toBe(text),
)
test.each(['', 'v1', '/**/x', '/a*', '/v1?x', '/a//b', '/../x', '/%2e', '/a#b', '/a b', '/\\'])(
  '%j is no pattern of paths',
  (text) => expect(parsePathPattern(text)).toBeInstanceOf(Refusal),
)

test.each(['/partner', '/a/b'])('%j is a path prefix', (text) =>
  expect(parsePathPrefix(text)).toBe(text),
)
test.each(['', '/', 'a', '/a/', '//a', '/..', '/a?b', '/%61', '/{x}'])(
  '%j is no path prefix',
  (text) => expect(parsePathPrefix(text)).toBeInstanceOf(Refusal),
)

test.each(['/a', '/a/~1b', '/a/*/b', '/'])('%j is a pointer', (text) =>
  expect(parsePointer(text)).toBe(text),
)
test.each(['', 'a', '/a~2', '#/a'])('%j is no pointer', (text) =>
  expect(parsePointer(text)).toBeInstanceOf(Refusal),
)

test.each(['{secret}', 'Key {secret}', '{apiKey}:{secret}', 'fixed'])('%j is a template', (text) =>
  expect(parseTemplate(text)).toBe(text),
)
test.each(['{secret', 'secret}', '{}', '{{secret}}', '{a b}', 'x\r\ny', 'é'])(
  '%j is no template',
  (text) => expect(parseTemplate(text)).toBeInstanceOf(Refusal),
)

test.each(['Host', 'content-length', 'Transfer-Encoding', 'Connection', 'X Key', 'X:', ''])(
  'no credential stands in the header %j',
  (text) => expect(parseHeaderName(text)).toBeInstanceOf(Refusal),
)

test('a slip of the pen is corrected, another word is not', () => {
  const known = ['pathPrefix', 'host', 'credential']
  expect(suggest('pathprefix', known)).toBe('pathPrefix')
  expect(suggest('pathPrefx', known)).toBe('pathPrefix')
  expect(suggest('credental', known)).toBe('credential')
  expect(suggest('hsot', known)).toBe('host')
  expect(suggest('banana', known)).toBeNull()
  expect(suggest('x', known)).toBeNull()
})
