import { percentEncode } from './percent-encode.ts'

/** A text in every form in which the common libraries of upstreams write it; some of them may be the same. */
export function writtenForms(text: string): readonly string[] {
  const bytes = Buffer.from(text, 'utf8')
  const readable = [text, ...jsonForms(text), ...htmlForms(text)]
  return [
    ...readable,
    // In heads and bodies the bytes of UTF-8 are looked at one by one.
    ...readable.map((form) => Buffer.from(form, 'utf8').toString('latin1')),
    bytes.toString('base64'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    ...embedded(bytes),
    ...percentForms(text),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
  ]
}

/** Between the quotes. */
function jsonForms(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1)
  return [
    json,
    // As PHP writes it.
    json.replaceAll('/', String.raw`\/`),
    json.replaceAll('/', String.raw`\/`).replaceAll(/[^\x20-\x7e]/g, lowerUnit),
    // As Python writes it.
    json.replaceAll(/[^\x20-\x7e]/g, lowerUnit),
    // As Go and Rails write it.
    json.replaceAll(/[<>&\u2028\u2029]/g, lowerUnit),
    // As .NET writes it.
    json.replaceAll(String.raw`\"`, '"').replaceAll(/[^\x20-\x7e]|["&'+<>`]/g, upperUnit),
  ]
}

function lowerUnit(unit: string): string {
  return String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function upperUnit(unit: string): string {
  return String.raw`\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** As pages of errors show it. */
function htmlForms(text: string): readonly string[] {
  const tags = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return ['&quot;', '&#34;'].flatMap((quote) => {
    const quoted = tags.replaceAll('"', quote)
    const forms = ["'", '&#39;', '&#x27;', '&#039;'].map((mark) => quoted.replaceAll("'", mark))
    return [...forms, ...forms.map((form) => form.replaceAll('+', '&#43;'))]
  })
}

/** Libraries differ in what they leave as it is, in the space, and in the case of the digits. */
function percentForms(text: string): readonly string[] {
  const strict = percentEncode(text)
  const whole = text.toWellFormed()
  const form = new URLSearchParams([['', whole]]).toString().slice(1)
  return [
    strict,
    strict.replaceAll('%2F', '/'),
    encodeURIComponent(whole),
    encodeURI(whole),
    form,
    form.replaceAll('*', '%2A'),
  ]
    .flatMap((each) => [each, each.replaceAll('%20', '+')])
    .flatMap((each) => [each, each.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())])
}

/** Of the base64 of a longer text, such as a Basic pair, what the secret alone decides: it may begin at three places. */
function embedded(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    const own = text.slice(
      Math.ceil((before * 8) / 6),
      Math.floor(((before + bytes.length) * 8) / 6),
    )
    return own.length < EMBEDDED_LENGTH_MIN
      ? []
      : [own, own.replaceAll('+', '-').replaceAll('/', '_')]
  })
}

/** Shorter ones might stand in a text by chance. */
const EMBEDDED_LENGTH_MIN = 8
