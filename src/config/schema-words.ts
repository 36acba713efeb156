import { Refusal, scalar } from './refusal.ts'

/**
 * Names of credentials, routes and clients: they stand in paths, labels and file names.
 * The first character keeps `.`, `..` and `__proto__` out.
 */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** What to do about a name that `NAME_PATTERN` refuses. */
export const NAME_REFUSAL = new Refusal(
  'is no name',
  'use at most 63 letters, digits, dots, hyphens and underscores, the first a letter or digit',
)

/** A name that is given or referred to. */
export function nameOf(description: string) {
  return scalar((text) => (NAME_PATTERN.test(text) ? text : NAME_REFUSAL), {
    description,
    pattern: NAME_PATTERN.source,
  })
}

/** A path of the file system. A relative one starts at the folder of the configuration. */
export function filePath(description: string) {
  return scalar(
    (text) =>
      text === '' || text.includes('\0') ? new Refusal('is no path', 'write a path') : text,
    { description },
  )
}

/** The name of an environment variable. */
export function environmentName(description: string) {
  return scalar(
    (text) =>
      /^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(text)
        ? text
        : new Refusal('is no name of a variable', 'use letters, digits and underscores'),
    { description },
  )
}
