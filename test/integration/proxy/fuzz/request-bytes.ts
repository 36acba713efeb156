import type { SeededRandom } from '../../../fakes/random.ts'
import {
  CODINGS,
  HONEST_FIELDS,
  HOSTILE_FIELDS,
  LENGTHS,
  ROUTES,
  TRAILERS,
} from './request-words.ts'
import { variedText } from './varied-text.ts'

/** What one client sends on one connection. */
export interface Sent {
  readonly bytes: Buffer
  /** Whether every request in it is one that has to be answered by the upstream. */
  readonly honest: boolean
}

/** One seed's requests: half of the connections are honest from their first byte to the last. */
export class RequestBytes {
  readonly #random: SeededRandom
  readonly #id: string
  readonly #ownAuthority: string
  #honest = true
  #count = 0

  constructor(random: SeededRandom, id: string, ownAuthority: string) {
    this.#random = random
    this.#id = id
    this.#ownAuthority = ownAuthority
  }

  connection(): Sent {
    this.#honest = this.#random.chance(0.5)
    const requests = Array.from(
      { length: 1 + this.#random.int(this.#random.chance(0.3) ? 20 : 4) },
      () => this.#request(),
    )
    let text = requests.join('')
    if (!this.#honest) {
      if (this.#random.chance(0.2)) text = text.slice(0, this.#random.int(text.length + 1))
      if (this.#random.chance(0.2)) text = this.#corrupted(text)
    }
    return { bytes: Buffer.from(text, 'latin1'), honest: this.#honest }
  }

  /** One byte is another, missing, or twice there. */
  #corrupted(text: string): string {
    const at = this.#random.int(text.length + 1)
    const put = this.#random.pick([
      '',
      '\r',
      '\n',
      '\0',
      ' ',
      '\t',
      ':',
      '0',
      'x',
      '\r\n',
      '\xff',
      ';',
    ])
    return text.slice(0, at) + put + text.slice(at + this.#random.int(2))
  }

  #request(): string {
    const method = this.#method()
    const version =
      this.#rarely(() => this.#random.pick(['1.0', '1.0', '0.9', '1.2', '2.0', '1.1 ', 'x'])) ??
      '1.1'
    const fields = [`Host: ${this.#random.pick(['localhost', this.#ownAuthority, 'LOCALHOST'])}`]
    const target = this.#target()
    if (target.startsWith('http')) fields[0] = `Host: ${this.#ownAuthority}`
    const more = Array.from({ length: this.#random.int(5) }, () => this.#random.pick(HONEST_FIELDS))
    // Two of these are refused, even two equal ones.
    const isSecondType = (field: string, i: number): boolean =>
      field.startsWith('Content-Type') && more.indexOf(field) < i
    fields.push(...more.filter((field, i) => !isSecondType(field, i)))
    const { framing, body } = this.#body(method)
    fields.push(...framing)
    for (let i = 0; i < 2; i++) {
      const hostile = this.#rarely(() => this.#random.pick(HOSTILE_FIELDS))
      if (hostile !== null) fields.splice(this.#random.int(fields.length + 1), 0, hostile)
    }
    if (this.#rarely(() => true)) fields.splice(this.#random.int(fields.length), 1)
    const end = this.#rarely(() => this.#random.pick(['\n', '\r', '\r\r\n', ' \r\n'])) ?? '\r\n'
    const head = [`${method} ${target} HTTP/${version}`, ...fields, '', ''].join('\r\n')
    const at = head.indexOf('\r\n', this.#random.int(head.length - 3))
    const before =
      this.#rarely(() => this.#random.pick(['\r\n', '\n', '\r\n\r\n', ' ', 'x', '\0'])) ?? ''
    return `${before}${head.slice(0, at)}${end}${head.slice(at + 2)}${body}`
  }

  #method(): string {
    const other = this.#rarely(() =>
      this.#random.pick(['TRACE', 'FOO', 'get', 'CONNECT', 'PRI', 'G\0T', '']),
    )
    return (
      other ??
      this.#random.pick(['GET', 'GET', 'HEAD', 'POST', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
    )
  }

  #target(): string {
    const id = `${this.#id}-${this.#count++}`
    const path = `${this.#random.pick(ROUTES)}/q?n=${id}${this.#random.pick(['', '&a=%2f|{}^"', "&b='+%00;", `&c=${'y'.repeat(500)}`])}`
    const hostile = this.#rarely(() =>
      this.#random.pick([
        `//x/${id}`,
        `${path}#f`,
        `${path} x`,
        `*`,
        `/nobody/${id}`,
        `/partner/../${id}`,
        `${path}\xe9`,
        `evil:443`,
        `${path}&d=${'z'.repeat(9_000)}`,
      ]),
    )
    if (hostile !== null) return hostile
    return this.#random.chance(0.1) ? `http://${this.#ownAuthority}${path}` : path
  }

  #body(method: string): { readonly framing: readonly string[]; readonly body: string } {
    const wants = method.startsWith('P') || this.#random.chance(0.1)
    if (!wants) return { framing: this.#random.chance(0.1) ? ['Content-Length: 0'] : [], body: '' }
    const content = this.#content()
    const length = content.length + (this.#rarely(() => this.#random.int(9) - 4) ?? 0)
    const lengthField =
      this.#rarely(() => this.#random.pick(LENGTHS).replaceAll('L', `${length}`)) ?? `${length}`
    const coding = this.#rarely(() => this.#random.pick(CODINGS)) ?? 'chunked'
    const both = this.#rarely(() => this.#random.pick(['both', 'twice', 'none'] as const))
    const sized = `Content-Length: ${lengthField}`
    const chunked = `Transfer-Encoding: ${coding}`
    if (both === 'both')
      return {
        framing: [sized, chunked],
        body: this.#random.chance(0.5) ? content : this.#chunks(content),
      }
    if (both === 'twice') return { framing: [sized, `content-length: ${length}`], body: content }
    if (both === 'none') return { framing: [], body: content }
    if (this.#random.chance(0.5)) return { framing: [sized], body: content }
    return { framing: [chunked], body: this.#chunks(content) }
  }

  /** What would be a request of its own to whoever counts otherwise. */
  #content(): string {
    const smuggled = `GET /partner/q?n=${this.#id}-smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n`
    const size = this.#random.chance(0.03)
      ? 60_000 + this.#random.int(80_000)
      : this.#random.int(200)
    return this.#random.pick([
      '',
      smuggled,
      `0\r\n\r\n${smuggled}`,
      '\r\n',
      '\xff\0\r\n'.repeat(9),
      variedText(this.#random, size),
    ])
  }

  #chunks(content: string): string {
    let text = ''
    for (let at = 0; at < content.length;) {
      const size = 1 + this.#random.int(this.#random.chance(0.5) ? 9 : content.length)
      const piece = content.slice(at, at + size)
      const hex = piece.length.toString(16)
      const written = this.#random.pick([hex, hex, hex.toUpperCase(), `000${hex}`])
      const broken = this.#rarely(() =>
        this.#random.pick([
          `0x${hex}`,
          ` ${hex}`,
          `${hex} `,
          `-${hex}`,
          'ffffffffffffffff1',
          '',
          `${hex};a\nb`,
          `${hex};${'e'.repeat(20_000)}`,
        ]),
      )
      const extension = this.#random.chance(0.1)
        ? this.#random.pick([';a', ';a=b', ';a="b;c"'])
        : ''
      text += `${broken ?? written}${extension}${this.#lineEnd()}${piece}${this.#lineEnd()}`
      at += size
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
    return this.#rarely(() => this.#random.pick(['\n', '\r', '', '\r\n\r\n', 'x\r\n'])) ?? '\r\n'
  }

  /** Something hostile, now and then, on a connection that is not honest. */
  #rarely<T>(make: () => T): T | null {
    return !this.#honest && this.#random.chance(0.06) ? make() : null
  }
}
