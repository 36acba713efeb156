/** An answer before it is sent. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An element: its name, and its text or its children. */
export type XmlNode = readonly [name: string, content: string | number | readonly XmlNode[]]

const JSON_HEADERS = { 'content-type': 'application/json' }
const XML_HEADERS = { 'content-type': 'application/xml' }

export function jsonReply(status: number, body: unknown): Reply {
  return { status, headers: JSON_HEADERS, body: JSON.stringify(body) }
}

export function emptyReply(status: number): Reply {
  return { status, headers: {}, body: '' }
}

export function xmlReply(status: number, root: XmlNode): Reply {
  const body = `<?xml version='1.0' encoding='UTF-8' ?>\n${writeXml(root)}`
  return { status, headers: XML_HEADERS, body }
}

function writeXml([name, content]: XmlNode): string {
  const inner =
    typeof content === 'object' ? content.map(writeXml).join('') : escapeXml(String(content))
  // A name may carry attributes: `messages count="1"`.
  return `<${name}>${inner}</${name.split(' ')[0]}>`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** The same flat answer in the format that the path asks for: `/…/json` or `/…/xml`. */
export function formattedReply(
  format: string | undefined,
  root: string,
  members: Readonly<Record<string, string | number>>,
): Reply {
  if (format !== 'xml') return jsonReply(200, members)
  return xmlReply(200, [root, Object.entries(members)])
}
