import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readYaml } from '../../../src/config/read-yaml.ts'
import { type Path, readWholeYaml, type YamlDocument } from '../../../src/config/yaml-document.ts'
import { cutYaml } from '../../../src/config/yaml-pieces.ts'
import { SeededRandom } from '../../fakes/random.ts'
import { YamlText } from './yaml-text.ts'

const PIECE_LENGTH = 200

const accounts = `
# All of them.
log: { level: info }

credentials:
  # The first one.
${Array.from(
  { length: 12 },
  (_, n) => `  c${n}:
    provider: vonage   # with a comment
    apiKey: "${n}1234567"

    secret: { file: /run/secrets/c${n} }
    note: |
      two: lines
      # of text
`,
).join('')}
routes:
${Array.from({ length: 30 }, (_, n) => `  - { preset: vonage, credential: c${n} }`).join('\n')}
  - preset: vonage
    credential: [a,
      b]
`

const examples = readdirSync('config').map((name) => readFileSync(`config/${name}`, 'utf8'))

/** Every path of a content, and some that are missing. */
function pathsOf(content: unknown, path: Path = []): readonly Path[] {
  const below =
    typeof content === 'object' && content !== null
      ? Object.entries(content).flatMap(([key, value]: [string, unknown]) =>
          pathsOf(value, [...path, Array.isArray(content) ? Number(key) : key]),
        )
      : []
  return [path, [...path, 'missing'], ...below]
}

test.each([accounts, accounts.replaceAll('\n', '\r\n'), ...examples])(
  'in pieces it says the same, on the same lines (%#)',
  (text) => {
    const whole = readWholeYaml(text)
    const pieces = readYaml(text, PIECE_LENGTH)
    expect(pieces.content).toEqual(whole.content)
    expect(pieces.syntaxErrors).toEqual([])
    for (const path of pathsOf(whole.content)) {
      expect([path, pieces.lineOf(path)]).toEqual([path, whole.lineOf(path)])
    }
  },
)

const many = (entry: string) => `${entry}\n`.repeat(20)
const kept = Array.from({ length: 20 }, (_, n) => `  a${n}: |+\n    text\n\n`).join('')
const explicitKey = (_: unknown, n: number) => `  ? key-of-this${n}\n  : value-of-it\n`
const alias = (_: unknown, n: number) => `  a${n}: { one: &a${n} 1, other: *a${n} }\n`

test.each([
  ['a bracket open across a cut', `credentials:\n  a: {\n${many('  b: 1,')}  }\n`],
  ['a quote open across a cut', `routes:\n  - "a\n${many('  b')}  c"\n`],
  ['a key twice, far apart', `credentials:\n  a: 1\n${many('  # c')}${keys(30)}  a: 2\n`],
  ['a section twice', `credentials:\n${keys(30)}routes: []\ncredentials:\n${keys(30)}`],
  ['an alias of what is far away', `credentials:\n  a: &x 1\n${keys(40)}  b: *x\n`],
  ['a list that becomes a mapping', `routes:\n${many('  - abcdefghijk')}  a: 1\n${keys(30)}`],
  ['entries that lose their indent', `credentials:\n${keys(30)} x: 1\n${keys(30)}`],
  ['a second document', `a: 1\n---\n${many('b: 12345678901234')}`],
  ['a list that is not indented', `routes:\n${many('- abcdefghijklmn')}`],
  ['a byte order mark', `\uFEFFproxy:\n${keys(30)}credentials:\n${keys(30)}`],
  ['something before the first section', ` a: 1\ncredentials:\n${keys(30)}`],
  ['a tab before the first section', `\ta: 1\ncredentials:\n${keys(30)}`],
  ['a section after a hard space', `credentials:\n${keys(30)}log: a\n\u00A0routes: []\n`],
  ['a section after a lone carriage return', `credentials:\n${keys(30)}log: a\n\rroutes: []\n`],
  ['a hard space after a section', `credentials:\u00A0\n${keys(30)}`],
  ['plain values and \\r\\n', `credentials:\n${keys(30)}log: info\n`.replaceAll('\n', '\r\n')],
  ['newlines that are kept', `credentials:\n${kept}routes: |+\n  a\n\nlog: info\n`],
  [
    'keys with a question mark',
    `credentials:\n${Array.from({ length: 10 }, explicitKey).join('')}`,
  ],
  ['many aliases, few in a piece', `credentials:\n${Array.from({ length: 101 }, alias).join('')}`],
  ['nothing but comments', many('# A comment.')],
  ['a prototype', `credentials:\n${keys(30)}  __proto__: { a: 1 }\n`],
])('what does not work out in pieces is said as of the whole: %s', (_what, text) => {
  const whole = readWholeYaml(text)
  const pieces = readYaml(text, PIECE_LENGTH)
  expect(pieces.syntaxErrors).toEqual(whole.syntaxErrors)
  expect(pieces.content).toEqual(whole.content)
})

test('pieces of whatever file say what the whole says, and where', () => {
  let cut = 0
  for (let seed = 1; seed <= 1_500; seed++) {
    const random = new SeededRandom(seed)
    const text = new YamlText(random).file()
    const length = 1 + random.int(100)
    if ((cutYaml(text, length)?.length ?? 0) > 1) cut++
    const whole = readWholeYaml(text)
    const pieces = readYaml(text, length)
    const said = `seed ${seed}: ${JSON.stringify(text)}`
    expect(pieces.syntaxErrors, said).toEqual(whole.syntaxErrors)
    expect(pieces.content, said).toEqual(whole.content)
    const lines = (document: YamlDocument) =>
      pathsOf(whole.content).map((path) => [path, document.lineOf(path)])
    if (whole.syntaxErrors.length === 0) expect(lines(pieces), said).toEqual(lines(whole))
  }
  expect(cut).toBeGreaterThan(500)
})

function keys(count: number): string {
  return Array.from({ length: count }, (_, n) => `  key${count}${n}: value\n`).join('')
}
