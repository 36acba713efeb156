/** The forms in which acceptance.md looks for a leaked secret, written without the code under test. */
export function canaryForms(text: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(text)
  const pair = Buffer.from(`a1b2c3d4:${text}`)
  return {
    raw: text,
    base64: bytes.toString('base64'),
    base64url: bytes.toString('base64url'),
    'Basic pair': pair.toString('base64'),
    'Basic pair, longer key': Buffer.from(`a1b2c3d4e:${text}`).toString('base64'),
    'Basic pair, longest key': Buffer.from(`a1b2c3d4ef:${text}`).toString('base64'),
    'Basic pair, base64url': pair.toString('base64url'),
    'percent-encoded': encodeURIComponent(text),
    'percent-encoded, lower case': encodeURIComponent(text).replace(/%../g, (c) => c.toLowerCase()),
    'form-encoded': new URLSearchParams({ '': text }).toString().slice(1),
    'JSON-escaped': JSON.stringify(text).slice(1, -1),
    'JSON in JSON': JSON.stringify(JSON.stringify(text)).slice(3, -3),
    hex: bytes.toString('hex'),
    HEX: bytes.toString('hex').toUpperCase(),
  }
}
