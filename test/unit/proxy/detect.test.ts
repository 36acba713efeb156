import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { AuthFailureRule } from '../../../src/kernel/route.ts'
import { decodeBody } from '../../../src/proxy/decode-body.ts'
import {
  compileDetector,
  detectAuthFailure,
  rulesFor,
} from '../../../src/proxy/detect-auth-failure.ts'
import { Attempt } from '../../../src/proxy/attempt.ts'
import { jsonValues, parsePointer } from '../../../src/proxy/json-values.ts'
import { xmlValues } from '../../../src/proxy/xml-values.ts'

function judge(rules: readonly AuthFailureRule[], status: number, type: string, body: string) {
  const attempt = new Attempt()
  attempt.headArrived(status, '', ['Content-Type', type])
  attempt.bodyArrived(Buffer.from(body))
  attempt.answerEnded()
  return verdictOn(rules, attempt)
}

async function verdictOn(rules: readonly AuthFailureRule[], attempt: Attempt) {
  const ruled = rulesFor(compileDetector(rules), attempt)
  return ruled === null ? 'accepted' : detectAuthFailure(ruled, attempt)
}

const SMS: AuthFailureRule = { status: 200, json: '/messages/*/status', xml: 'status', in: ['4'] }
const TOP_UP: AuthFailureRule = { status: 401, json: '/label', notIn: ['not auto-reload enabled'] }

describe('an auth failure is', () => {
  test.each([
    [SMS, 200, 'application/json', '{"messages":[{"status":"4"}]}', 'refused'],
    [SMS, 200, 'application/json;charset=utf-8', '{"messages":[{"status":4}]}', 'refused'],
    [SMS, 200, 'application/json', '{"messages":[{"status":"4"},{"status":"4"}]}', 'refused'],
    [SMS, 200, 'application/json', '{"messages":[{"status":"0"},{"status":"4"}]}', 'mixed'],
    [SMS, 200, 'application/json', '{"messages":[]}', 'accepted'],
    [SMS, 200, 'application/json', '{"messages":{"status":"4"}}', 'accepted'],
    [SMS, 200, 'application/json', '{"status":"4"}', 'accepted'],
    [SMS, 200, 'application/json', 'not json', 'accepted'],
    [SMS, 202, 'application/json', '{"messages":[{"status":"4"}]}', 'accepted'],
    [SMS, 200, 'text/plain', '{"messages":[{"status":"4"}]}', 'accepted'],
    [SMS, 200, 'application/xml', '<r><m><status>4</status></m></r>', 'refused'],
    [SMS, 200, 'text/xml', '<r><status>4</status><status>0</status></r>', 'mixed'],
    [{ status: 401 }, 401, 'text/plain', 'x', 'refused'],
    [TOP_UP, 401, 'application/json', '{"label":"authentication failed"}', 'refused'],
    [TOP_UP, 401, 'application/json', '{"label":"not auto-reload enabled"}', 'accepted'],
    [TOP_UP, 401, 'application/json', '{}', 'refused'],
    [TOP_UP, 401, 'text/html', '<html>', 'refused'],
  ] as const)('%j: %i %s %s is %s', async (rule, status, type, body, verdict) => {
    expect(await judge([rule], status, type, body)).toBe(verdict)
  })
})

test.each([
  [[{ status: 200, grpc: [16] }], 200, '16', 'refused'],
  [[{ status: 200, grpc: [16] }], 200, '7', 'accepted'],
  [[{ status: 200, grpc: [16] }], 200, '', 'accepted'],
  [[{ status: 200, grpc: [16] }], 401, '16', 'accepted'],
  [[{ status: 200, grpc: [16] }, SMS], 200, '16', 'refused'],
  [[{ status: 401 }], 200, '16', 'accepted'],
] as const)(
  '%j: a call that ends with its head, %i and %s, is %s',
  async (rules, status, code, verdict) => {
    const attempt = new Attempt()
    attempt.headArrived(status, '', ['content-type', 'application/grpc', 'grpc-status', code])
    attempt.answerEnded()
    expect(await verdictOn(rules, attempt)).toBe(verdict)
  },
)

test('a body beyond the limit is no auth failure', async () => {
  const body = JSON.stringify({ messages: [{ status: '4' }], pad: 'x'.repeat(70_000) })
  expect(await judge([SMS], 200, 'application/json', body)).toBe('accepted')
})

test.each([
  ['<a>1</a>', 'a', ['1']],
  ['<n:a x="y">1</n:a>', 'a', ['1']],
  ['<a/>', 'a', [null]],
  ['<a> 1 </a><!-- <a>2</a> --><b>3</b>', 'a', ['1']],
  ['<a><![CDATA[4]]></a>', 'a', ['4']],
  ['<a>&#52;&amp;</a>', 'a', ['4&']],
  ['<!DOCTYPE r [<!ENTITY e "4">]><a>&e;</a>', 'a', []],
  ["<?xml version='1.0'?><r><a>4", 'a', []],
  ['<a', 'a', []],
  ['', 'a', []],
])('xml %s: %s is %j', (text, name, values) => {
  expect(xmlValues(text, name)).toEqual(values)
})

test('the text of unclosed elements costs one pass', () => {
  expect(xmlValues('<a>'.repeat(20_000), 'a')).toEqual([])
})

test('a pointer knows the escapes of RFC 6901, and does not reach into prototypes', () => {
  expect(jsonValues({ 'a/b': { '~': 1 } }, parsePointer('/a~1b/~0'))).toEqual(['1'])
  expect(jsonValues({}, parsePointer('/constructor/name'))).toEqual([null])
  expect(jsonValues([['x'], ['y']], parsePointer('/*/0'))).toEqual(['x', 'y'])
})

test.each([
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['br', brotliCompressSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
] as const)('a %s body is decoded for a look', (coding, encode) => {
  expect(decodeBody(encode(Buffer.from('hello hello')), coding)?.toString()).toBe('hello hello')
})

test('a bomb, broken bytes and an unknown coding are not looked into', () => {
  expect(decodeBody(gzipSync(Buffer.alloc(1024 * 1024)), 'gzip')).toBeNull()
  expect(decodeBody(Buffer.from('zzz'), 'gzip')).toBeNull()
  expect(decodeBody(Buffer.from('zzz'), 'gzip, gzip')).toBeNull()
})
