import { Refusal } from './refusal.ts'

/**
 * The text that a pointer leads to in a JSON document.
 * @param pointer RFC 6901, such as `/partner/password`
 * @returns a refusal that shows nothing of the document
 */
export function textInJson(document: string, pointer: string): string | Refusal {
  const content = parse(document)
  if (content === undefined) {
    return new Refusal('is no JSON document', 'correct it, or leave out `json`')
  }
  const steps = pointer.split('/').slice(1).map(unescape)
  const found = steps.reduce<unknown>(member, content)
  if (found === undefined) {
    return new Refusal('has no member there', 'correct the pointer behind `json`')
  }
  // A number loses digits when it is parsed, and a secret must not.
  return typeof found === 'string'
    ? found
    : new Refusal('holds no text there', 'put the value in quotes, or correct the pointer')
}

function parse(document: string): unknown {
  try {
    return JSON.parse(document) as unknown
  } catch {
    // The error of the parser quotes the document.
    return undefined
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined
}

function unescape(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}
