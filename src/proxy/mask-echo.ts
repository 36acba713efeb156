/** Hides every echo of a secret in header fields and reason phrase by as many asterisks. */
export function maskEcho(fields: string[], reason: string, echo: RegExp | null): string {
  if (echo === null) return reason
  echo.lastIndex = 0
  if (!echo.test(`${reason}\n${fields.join('\n')}`)) return reason
  for (let i = 0; i < fields.length; i++) fields[i] = stars(fields[i] ?? '', echo)
  return stars(reason, echo)
}

function stars(text: string, echo: RegExp): string {
  return text.replaceAll(echo, (found) => '*'.repeat(found.length))
}
