/** Names and values in turn, as pairs. */
export function pairs(fields: readonly string[]): [string, string][] {
  const found: [string, string][] = []
  for (let i = 0; i + 1 < fields.length; i += 2) found.push([fields[i] ?? '', fields[i + 1] ?? ''])
  return found
}

/** What `Connection` names, in lower case: it is of this hop. */
export function nominated(fields: readonly string[]): readonly string[] {
  return pairs(fields)
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((token) => token.trim())
}

/** As an upstream behind CGI reads it. */
export function canonical(name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}
