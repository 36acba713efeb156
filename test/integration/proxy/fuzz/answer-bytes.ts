import type { SeededRandom } from '../../../fakes/random.ts'
import { variedText } from './varied-text.ts'

/** How an upstream answers one request. */
export interface Planned {
  readonly method: 'GET' | 'HEAD' | 'POST'
  /** What it writes, one piece after the other. */
  readonly pieces: readonly Buffer[]
  /** What comes in one piece with the last of them, and is no part of the answer. */
  readonly surplus: string
  /** What it does behind them. */
  readonly ending: 'keep' | 'end' | 'reset'
  /** Whether it is an answer that has to come through as it is. */
  readonly honest: boolean
}

const REASONS = ['OK', '', 'Fine So', 'Voil\xe0', "It's \t fine"]
const INTERIM = [
  'HTTP/1.1 102 Processing\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
]
const FIELDS = [
  'X-A: one',
  'x-a:two',
  'X-Empty:',
  'X-Space: \t a  b \t',
  'X-Latin: \xe9\xff',
  'Set-Cookie: a=1; Path=/',
  'Set-Cookie: b=2',
  'Date: Mon, 23 Nov 2026 00:00:00 GMT',
  'Content-Type: text/event-stream',
  'Content-Type: application/json; charset=utf-8',
  'Connection: X-Drop, keep-alive',
  'X-Drop: of this hop',
  'Keep-Alive: timeout=5',
  'Trailer: X-T',
  'Proxy-Authenticate: Basic',
  'Sidekey-Error: no-route',
  'Location: /elsewhere?a=b',
  'Content-Encoding: gzip',
]
const HOSTILE_FIELDS = [
  'X-Fold: a\r\n b',
  'X Space: 1',
  'X-A : 1',
  'X-Nul: a\0b',
  'X-Ctl: a\x01b',
  'X-Cr: a\rb',
  'X-Lf: a\nX-Evil: b',
  ': nameless',
  'NoColon',
  `X-Huge: ${'h'.repeat(70_000)}`,
  'Content-Length: 3',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: gzip',
  'Content-Length: +3',
  'Content-Length:',
  'Connection: Upgrade\r\nUpgrade: websocket',
  'Upgrade: h2c',
]
const TRAILERS = ['X-T: 1', 'x-sum:  a b ', 'Set-Cookie: evil=1', 'Sidekey-Error: no-route']

const EVIL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL'
const SURPLUS = [EVIL, `\r\n${EVIL}`, 'x', '\r\n', 'HTTP/1.1 102 Processing\r\n\r\n', '\0']

/** Answers of one seed: two in three are honest. */
export class AnswerBytes {
  readonly #random: SeededRandom
  #honest = true

  constructor(random: SeededRandom) {
    this.#random = random
  }

  answer(id: string): Planned {
    this.#honest = this.#random.chance(0.65)
    const method = this.#random.pick(['GET', 'GET', 'GET', 'HEAD', 'POST'] as const)
    const made = this.#make(method, id)
    const ending = !made.ends && this.#random.chance(0.8) ? 'keep' : 'end'
    const pieces = this.#pieces(made.text)
    if (this.#honest) {
      const surplus = !made.ends && this.#random.chance(0.2) ? this.#random.pick(SURPLUS) : ''
      return { method, pieces, surplus, ending, honest: true }
    }
    const text = this.#random.chance(0.5)
      ? made.text.slice(0, this.#random.int(made.text.length + 1))
      : this.#corrupted(made.text)
    const broken = this.#pieces(this.#random.chance(0.6) ? text : made.text)
    const last = this.#random.chance(0.8) ? 'end' : 'reset'
    return { method, pieces: broken, surplus: '', ending: last, honest: false }
  }

  #make(method: string, id: string): { readonly text: string; readonly ends: boolean } {
    const interim = Array.from(
      { length: this.#random.chance(0.3) ? 1 + this.#random.int(3) : 0 },
      () => this.#random.pick(INTERIM),
    )
    const status =
      this.#rarely(() => this.#random.pick(['101', '199', '600', '99', '2000', 'x', ''])) ??
      this.#random.pick([
        '200',
        '200',
        '200',
        '201',
        '204',
        '206',
        '299',
        '302',
        '304',
        '404',
        '500',
        '503',
      ])
    const version = this.#rarely(() => this.#random.pick(['0.9', '1.2', '2.0', 'x'])) ?? '1.1'
    const old = this.#random.chance(0.1)
    const fields = [`X-Id: ${id}`]
    for (let i = this.#random.int(6); i > 0; i--) fields.push(this.#random.pick(FIELDS))
    const { framing, body, ends } = this.#body(method, status, old)
    fields.push(...framing)
    for (let i = 0; i < 2; i++) {
      const hostile = this.#rarely(() => this.#random.pick(HOSTILE_FIELDS))
      if (hostile !== null) fields.splice(this.#random.int(fields.length + 1), 0, hostile)
    }
    const line = `HTTP/${old ? '1.0' : version} ${status} ${this.#random.pick(REASONS)}`
    return { text: `${interim.join('')}${[line, ...fields, '', ''].join('\r\n')}${body}`, ends }
  }

  #body(
    method: string,
    status: string,
    old: boolean,
  ): { readonly framing: readonly string[]; readonly body: string; readonly ends: boolean } {
    const content = this.#content()
    const sized = `Content-Length: ${content.length}`
    const none = status === '204' || status === '304' || method === 'HEAD'
    if (none) {
      const said = status !== '204' && this.#random.chance(0.5)
      return { framing: said ? [sized] : [], body: this.#rarely(() => content) ?? '', ends: old }
    }
    const close = this.#random.chance(0.2) ? ['Connection: close'] : []
    const ends = close.length > 0 || old
    const way = this.#random.int(5)
    if (way === 0) return { framing: close, body: content, ends: true }
    if (way < 3 || old) return { framing: [sized, ...close], body: content, ends }
    return { framing: ['Transfer-Encoding: chunked', ...close], body: this.#chunks(content), ends }
  }

  #content(): string {
    const size = this.#random.chance(0.05)
      ? 100_000 + this.#random.int(200_000)
      : this.#random.int(300)
    const varied = variedText(this.#random, size)
    return this.#random.pick(['', varied, varied, '\xff\0\r\n'.repeat(9), `0\r\n\r\n`])
  }

  #chunks(content: string): string {
    let text = ''
    for (let at = 0; at < content.length;) {
      const most = content.length > 1_000 ? 40_000 : this.#random.chance(0.5) ? 9 : content.length
      const piece = content.slice(at, at + 1 + this.#random.int(most))
      const hex = piece.length.toString(16)
      const size =
        this.#rarely(() =>
          this.#random.pick([`0x${hex}`, ` ${hex}`, `${hex} `, 'ffffffffffffffff1', '']),
        ) ?? hex
      const extension = this.#random.chance(0.1)
        ? this.#random.pick([';a', ';a=b', ';a="b;c"'])
        : ''
      text += `${size}${extension}${this.#lineEnd()}${piece}${this.#lineEnd()}`
      at += piece.length
    }
    const trailers = Array.from(
      { length: this.#random.chance(0.3) ? 1 + this.#random.int(3) : 0 },
      () => this.#random.pick(TRAILERS),
    )
    const hostile = this.#rarely(() => this.#random.pick(HOSTILE_FIELDS))
    if (hostile !== null) trailers.push(hostile)
    return `${text}0\r\n${trailers.map((field) => `${field}\r\n`).join('')}${this.#lineEnd()}`
  }

  #lineEnd(): string {
    return this.#rarely(() => this.#random.pick(['\n', '\r', '', 'x\r\n'])) ?? '\r\n'
  }

  #corrupted(text: string): string {
    const at = this.#random.int(Math.min(text.length + 1, 600))
    const put = this.#random.pick(['', '\r', '\n', '\0', ' ', ':', '0', 'x', '\r\n', '\xff', ';'])
    const made = text.slice(0, at) + put + text.slice(at + this.#random.int(2))
    // The llhttp of Sidekey takes two CR for the end of a status line, the one of Node does not; nothing hangs on it.
    return made.includes('\r\r') ? text : made
  }

  /** In one piece, in some, or byte by byte. */
  #pieces(text: string): Buffer[] {
    const bytes = Buffer.from(text, 'latin1')
    const most =
      bytes.length < 1_000
        ? this.#random.pick([1, 3, 50, 1_000])
        : this.#random.pick([5_000, 70_000, 400_000])
    const pieces: Buffer[] = []
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + 1 + this.#random.int(most))
      pieces.push(piece)
      at += piece.length
    }
    return pieces
  }

  #rarely<T>(make: () => T): T | null {
    return !this.#honest && this.#random.chance(0.08) ? make() : null
  }
}
