import type { SeededRandom } from '../../fakes/random.ts'

const SECTIONS = ['credentials', 'routes', 'store', 'log', 'proxy', 'constructor', 'x-1']
const SCALARS = ['1', 'abc', '"x: y"', "'it''s'", 'null', '~', '"a\\nb"', '"#"', 'x#y']
const BLOCK_HEADS = ['|', '>', '|-', '|+', '>+', '|2']
const BLOCK_LINES = ['text', '# x', 'k1: 2', '- a', '"open', '{', '---', '...', '%x']
/** What a slip of the hand, a hostile file or an odd editor puts into a line. */
const SLIPS = ['"', "'", '{', '}', '[', ':', ' #', '- ', '\t', '&a ', '*a', '| ', '? ', '---', '%']
const ODD_BLANKS = ['\u{a0}', '\u{feff}', '\u{2028}', '\v', '\f', '\u{3000}', '\r', '\u{85}']
const ODD_LINES = [
  '---',
  '...',
  '%YAML 1.2',
  '# c',
  '\t',
  '',
  '   ',
  '}',
  '"',
  '- x',
  ': a',
  ' y: 1',
]

/** One seed's YAML files: half of them as people write them, the others with slips. */
export class YamlText {
  readonly #random: SeededRandom
  #anchors = 0

  constructor(random: SeededRandom) {
    this.#random = random
  }

  file(): string {
    this.#anchors = 0
    let text = this.#filler(0)
    for (let n = this.#random.int(4); n >= 0; n--) text += this.#section() + this.#filler(0)
    for (let n = this.#random.int(4) - 1; n > 0; n--) text = this.#slipped(text)
    if (this.#random.chance(0.2)) text = text.replaceAll('\n', '\r\n')
    if (this.#random.chance(0.2)) text = text.replace(/\r?\n$/, '')
    return this.#random.chance(0.05) ? `\u{feff}${text}` : text
  }

  #section(): string {
    const name = this.#random.pick(SECTIONS)
    const indent = this.#random.pick([2, 2, 2, 1, 4])
    switch (this.#random.int(4)) {
      case 0:
        return `${name}:${this.#value(0, 2)}`
      case 1:
        return `${name}:\n${this.#filler(2)}${this.#list(this.#random.pick([0, 2]), 2)}`
      default:
        return `${name}:\n${this.#filler(2)}${this.#mapping(indent, 2)}${this.#mapping(indent, 1)}`
    }
  }

  #mapping(indent: number, depth: number): string {
    let text = ''
    for (let n = this.#random.int(5); n >= 0; n--) {
      const key =
        this.#random.pick(['k', '"q"', 'a-b', '__proto__', 'x y', 'ключ', '']) +
        this.#random.int(20)
      const value = this.#value(indent, depth)
      const pad = ' '.repeat(indent)
      text += this.#random.chance(0.03)
        ? `${pad}? ${key}\n${pad}:${value}`
        : `${pad}${key}:${value}`
      text += this.#filler(indent)
    }
    return text
  }

  #list(indent: number, depth: number): string {
    let text = ''
    for (let n = this.#random.int(5); n >= 0; n--) {
      const pad = ' '.repeat(indent)
      text += this.#random.chance(0.3)
        ? `${pad}- ${this.#mapping(indent + 2, depth - 1).slice(indent + 2)}`
        : `${pad}-${this.#value(indent, depth)}`
    }
    return text
  }

  /** What stands behind the colon of a key at `indent`, with its newline. */
  #value(indent: number, depth: number): string {
    const inner = indent + 1 + this.#random.int(3)
    const lines = (words: readonly string[]) =>
      Array.from(
        { length: this.#random.int(4) },
        () => `\n${' '.repeat(inner)}${this.#random.pick(words)}`,
      )
    switch (this.#random.int(depth > 0 ? 9 : 6)) {
      case 0:
        return ` ${this.#random.pick(BLOCK_HEADS)}${lines(BLOCK_LINES).join('')}\n${'\n'.repeat(this.#random.int(3))}`
      case 1:
        return ` "a${lines(['b', 'k1: x', '# c', '- d', '']).join('')}"\n`
      case 2:
        return ` {${lines(['g: 1,', 'h: [a, b],', '"i": ~,']).join('')} }\n`
      case 3:
        if (this.#anchors > 0 && this.#random.chance(0.5))
          return ` *a${this.#random.int(this.#anchors)}\n`
        return ` &a${this.#anchors++} ${this.#random.pick(SCALARS)}\n`
      case 6:
        return `\n${this.#filler(inner)}${this.#mapping(inner, depth - 1)}`
      case 7:
        return `\n${this.#list(indent + this.#random.pick([0, 2]), depth - 1)}`
      default:
        return ` ${this.#random.pick(SCALARS)}${this.#random.chance(0.1) ? '  # t' : ''}\n`
    }
  }

  /** Comments and empty lines. */
  #filler(indent: number): string {
    let text = ''
    while (this.#random.chance(0.15))
      text += this.#random.chance(0.5) ? `${' '.repeat(indent)}# key: "\n` : '  \n'
    return text
  }

  #slipped(text: string): string {
    const lines = text.split('\n')
    const at = this.#random.int(lines.length)
    const line = lines[at] ?? ''
    const within = this.#random.int(line.length + 1)
    const put = (slip: string, where = within) => line.slice(0, where) + slip + line.slice(where)
    const [changed] = [
      [put(this.#random.pick(SLIPS))],
      [put(this.#random.pick(ODD_BLANKS))],
      [put(this.#random.pick(ODD_BLANKS), 0)],
      [` ${line}`],
      [line.replace(/^ /, '')],
      [line, lines[this.#random.int(lines.length)] ?? ''],
      [line, this.#random.pick(ODD_LINES)],
      [],
    ].slice(this.#random.int(8))
    lines.splice(at, 1, ...(changed ?? []))
    return lines.join('\n')
  }
}
