import { expect, test } from 'vitest'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import {
  authorizationOf,
  signAwsRequest,
  type UnsignedAwsRequest,
} from '../../../src/signers/sigv4/sign-aws-request.ts'

/** The keys and the time of AWS's published test suite. */
const KEY = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: new SecretValue('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'),
  sessionToken: null,
}
const NOW_MS = Date.parse('2015-08-30T12:36:00Z')
const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** Name in AWS's suite (`v4/…/header-signed-request.txt`), target, fields beside host and date, signature. */
const SUITE: readonly (readonly [string, string, readonly string[], string])[] = [
  ['get-vanilla', '/', [], '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  [
    'get-vanilla-empty-query-key',
    '/?Param1=value1',
    [],
    'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb',
  ],
  [
    'get-vanilla-query-order-key-case',
    '/?Param2=value2&Param1=value1',
    [],
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
  [
    'get-vanilla-query-order-encoded',
    '/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1',
    [],
    '371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac',
  ],
  [
    'get-vanilla-query-unreserved',
    '/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
    [],
    '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197',
  ],
  [
    'get-vanilla-utf8-query',
    '/?ሴ=bar',
    [],
    '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04',
  ],
  [
    'get-unreserved',
    '/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
    [],
    '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
  ],
  ['get-utf8', '/ሴ', [], '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85'],
  [
    'get-space-normalized',
    '/example space/',
    [],
    '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741',
  ],
  [
    'get-slash-normalized',
    '//',
    [],
    '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  ],
  [
    'get-slashes-normalized',
    '//example//',
    [],
    '9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84',
  ],
  [
    'get-slash-pointless-dot-normalized',
    '/./example',
    [],
    'ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5',
  ],
  [
    'get-relative-relative-normalized',
    '/example1/example2/../..',
    [],
    '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  ],
  [
    'get-header-value-trim',
    '/',
    ['My-Header1', ' value1', 'My-Header2', ' "a   b   c"'],
    'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  ],
  [
    'get-header-key-duplicate',
    '/',
    ['My-Header1', 'value2', 'My-Header1', 'value2', 'My-Header1', 'value1'],
    'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
  ],
  [
    'get-header-value-order',
    '/',
    [
      'My-Header1',
      'value4',
      'My-Header1',
      'value1',
      'My-Header1',
      'value3',
      'My-Header1',
      'value2',
    ],
    '08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01',
  ],
  [
    'get-vanilla-with-session-token',
    '/',
    ['X-Amz-Security-Token', '6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267'],
    '07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8',
  ],
]

test.each(SUITE)("AWS's own vector %s", (_name, target, fields, signature) => {
  const [path = '', query = ''] = bytesOf(target).split('?')
  const value = authorizationOf(
    {
      method: 'GET',
      host: 'example.amazonaws.com',
      path,
      query,
      fields: [...fields, 'X-Amz-Date', '20150830T123600Z'],
      payloadHash: EMPTY_HASH,
    },
    KEY,
    { region: 'us-east-1', service: 'service' },
    NOW_MS,
  )
  const signed = value.split('Signature=')[1]
  expect(signed).toBe(signature)
  expect(value).toContain('AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/')
})

interface BotoCase extends Partial<Omit<UnsignedAwsRequest, 'path'>> {
  readonly name: string
  readonly service: string
  readonly region?: string
  readonly path: string
  readonly session?: string
  readonly signature: string
}

const API = 'abc.execute-api.us-east-1.amazonaws.com'

/** Signed by botocore 1.44.5, with the keys and the time above. */
const BOTOCORE: readonly BotoCase[] = [
  {
    name: 'a JSON call',
    service: 'dynamodb',
    region: 'eu-central-1',
    method: 'POST',
    host: 'dynamodb.eu-central-1.amazonaws.com',
    path: '/',
    fields: [
      'Content-Type',
      'application/x-amz-json-1.0',
      'X-Amz-Target',
      'DynamoDB_20120810.ListTables',
    ],
    payload: Buffer.from('{"Limit":1}'),
    signature: '939fff85e32e911b7be58d674f0226b7072c49ae120b6ad862569136bf3218ce',
  },
  {
    name: 'a session',
    service: 'secretsmanager',
    method: 'POST',
    host: 'secretsmanager.us-east-1.amazonaws.com',
    path: '/',
    fields: [
      'Content-Type',
      'application/x-amz-json-1.1',
      'X-Amz-Target',
      'secretsmanager.GetSecretValue',
    ],
    payload: Buffer.from('{"SecretId":"x"}'),
    session: 'SESSIONtoken/+=',
    signature: 'cfd687bf8107b76a3f3a25a2866ef1c32c9fdf2e184532fc51b57575729a7429',
  },
  {
    name: 'duplicate query keys',
    service: 'execute-api',
    path: '/prod/things',
    query: 'b=2&a=2&a=1&a=&B=0&a-1=x',
    signature: '96ded9c8a6dce6b5fa6e495772735c64e6194cb7a1105b3afb918ff140ee9e64',
  },
  {
    name: 'an odd path, encoded twice',
    service: 'execute-api',
    path: '/prod/a%20b/c%2Fd/(e)/%C3%A9/~f',
    signature: 'aa89daa3c5e62adf8d9f31b7b7173c67533725fb8ba080d9387c1da30b49babc',
  },
  {
    name: 'double slashes',
    service: 'execute-api',
    path: '/prod//x///y/',
    signature: 'b7b85bf4dec7b0f964f3f0bebd590930b990cee201c4ab30c23dffef1ea941ec',
  },
  {
    name: 'a port and a body of UTF-8',
    service: 'es',
    method: 'PUT',
    host: 'search.example:9243',
    path: '/index/_doc/1',
    query: 'refresh=true',
    fields: ['Content-Type', 'application/json'],
    payload: Buffer.from('{"é":1}'),
    signature: '80ef20b6b631bcdb6ffbe73487c2594052cc6895464d332a201e2a046962b855',
  },
  {
    name: 'an odd key of the object store, taken literally',
    service: 's3',
    host: 'bucket.s3.amazonaws.com',
    path: '/a%20b//c%2Fd/%C3%A9/~f/../g',
    query: 'prefix=x%2Fy&list-type=2&marker=',
    signature: 'c3c820d29c630a553a09c3a43142b2088c212c2e0db36bb383bedb56603c0bbd',
  },
  {
    name: 'an upload with metadata',
    service: 's3',
    region: 'eu-west-1',
    method: 'PUT',
    host: 'bucket.s3.eu-west-1.amazonaws.com',
    path: '/key',
    fields: [
      'Content-Type',
      'text/plain',
      'Content-MD5',
      '1B2M2Y8AsgTpgAmY7PhCfg==',
      'x-amz-meta-note',
      'two  spaces',
    ],
    payload: Buffer.from('hello'),
    session: 'SESSION',
    signature: 'bf3fe30f4f07aed23b57459b9064a224df299de0f74b909907752091649177de',
  },
  {
    name: 'an unsigned payload',
    service: 's3',
    region: 'eu-west-1',
    method: 'PUT',
    host: 'bucket.s3.eu-west-1.amazonaws.com',
    path: '/key',
    payload: 'UNSIGNED-PAYLOAD',
    signature: '8cf21de44534128c80b6b901706b8709d0c646c427ab898248bd8fa334c9753c',
  },
]

test.each(BOTOCORE)(
  'as botocore signs $name',
  ({ service, region, session, signature, ...more }) => {
    expect(signatureOf(more, service, region, session)).toBe(signature)
  },
)

test.each([
  ['lower-case escapes', 'a=%2f', 'a=%2F'],
  ['an escape that needs none', '%61=%7e', 'a=~'],
  ['a plus for a space', 'a=b+c', 'a=b%20c'],
  ['a character that should be escaped', "a='", 'a=%27'],
  ['a name without a value', 'a', 'a='],
])('a query is signed as the service reads it: %s', (_name, sent, meant) => {
  const of = (query: string) => signatureOf({ path: '/', query }, 'execute-api')
  expect(of(sent)).toBe(of(meant))
})

test("a path of the object store is signed as the service reads it, whatever the client's encoder", () => {
  const of = (path: string) => signatureOf({ path }, 's3')
  expect(of("/a+b/c'd%7e")).toBe(of('/a%2Bb/c%27d~'))
  expect(of('/a%2fb')).not.toBe(of('/a/b'))
})

test('what a proxy on the way may change is not signed', () => {
  const of = (fields: readonly string[]) => signatureOf({ path: '/', fields }, 's3')
  expect(of(['User-Agent', 'x', 'Accept', '*/*'])).toBe(of([]))
  expect(of(['X-Amz-Acl', 'private'])).not.toBe(of([]))
})

function signatureOf(
  request: Partial<UnsignedAwsRequest> & { readonly path: string },
  service: string,
  region = 'us-east-1',
  session?: string,
): string | undefined {
  const added = signAwsRequest(
    { method: 'GET', host: API, query: null, fields: [], payload: null, ...request },
    { ...KEY, sessionToken: session === undefined ? null : new SecretValue(session) },
    { region, service },
    NOW_MS,
  )
  return added.at(-1)?.split('Signature=')[1]
}

/** One character per byte, as a request line has them. */
function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
