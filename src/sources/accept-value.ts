import { SECRET_FILE_MAX_BYTES } from '../kernel/limits.ts'
import { SecretValue } from '../kernel/secret-value.ts'
import { type Fetched, SourceFault } from './secret-fetcher.ts'

/** A member of a parsed document as a secret, as large as a secret file may be. Nothing of it is shown. */
export function acceptMember(document: unknown, key: string): Fetched {
  if (typeof document !== 'object' || document === null || !Object.hasOwn(document, key)) {
    return new SourceFault('absent', 'the secret has no such key')
  }
  return acceptText(Reflect.get(document, key))
}

/** A parsed text as a secret. */
export function acceptText(found: unknown): Fetched {
  // A number loses digits when it is parsed, and a secret must not.
  if (typeof found !== 'string') return new SourceFault('invalid', 'the value is no text')
  if (found === '') return new SourceFault('invalid', 'the value is empty')
  return Buffer.byteLength(found) > SECRET_FILE_MAX_BYTES
    ? new SourceFault('invalid', `the value is longer than ${SECRET_FILE_MAX_BYTES} bytes`)
    : new SecretValue(found)
}

/** Text as JSON; undefined for what is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // The error of the parser quotes the text.
    return undefined
  }
}

/** The member of something parsed; undefined where there is none. */
export function memberOf(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? Reflect.get(at, key)
        : undefined,
    value,
  )
}
