import { expect, test } from 'vitest'
import { SecretValue } from '../../../../src/kernel/secret-value.ts'
import { mentions, render, templateOf } from '../../../../src/providers/http/template.ts'
import { encodeText, type Text } from '../../../../src/providers/rest/secret-text.ts'

const schema = templateOf(['account', 'secret'], 'A text.')
const textOf = (text: Text) => (typeof text === 'string' ? text : text.expose())

test.each([
  ['plain', 'plain'],
  ['', ''],
  ['/a/{account}/b', '/a/acme%20x/b'],
  ['{account}{account}', 'acme%20xacme%20x'],
  ['{{account}}', '{account}'],
  ['a%20b/{account}', 'a%20b/acme%20x'],
])(
  '%s is rendered as %s: what is filled in is encoded, what is written is not',
  (text, expected) => {
    expect(render(schema.parse(text), { account: 'acme x' }, encodeText)).toBe(expected)
  },
)

test('a text with a secret in it is a secret', () => {
  const template = schema.parse('Bearer {secret}')
  const rendered = render(template, { secret: new SecretValue('Planted1Secret') })
  expect(rendered).toBeInstanceOf(SecretValue)
  expect(String(rendered)).toBe('[redacted]')
  expect(textOf(rendered)).toBe('Bearer Planted1Secret')
})

test.each(['{secretId}', '{', 'a}b', '{ account }', '{}', '{account'])(
  '%s is refused, and the known words are named',
  (text) => {
    const issues = schema.safeParse(text).error?.issues
    expect(issues?.map(({ message }) => message)).toEqual([
      'only these placeholders stand here: {account}, {secret}',
    ])
  },
)

test('a placeholder is found wherever it stands', () => {
  const templates = ['a', 'b {secret}'].map((text) => schema.parse(text))
  expect([mentions(templates, 'secret'), mentions(templates, 'account')]).toEqual([true, false])
})
