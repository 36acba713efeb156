/** Text from elsewhere for a terminal: control characters, which could move the cursor or forge lines, become `?`. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}
