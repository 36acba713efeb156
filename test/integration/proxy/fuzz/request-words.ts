// What requests are made of.

/** Where requests go: `/partner` may send a body again, `/stream` passes on what is larger than its first 64 KiB. */
export const ROUTES = ['/partner', '/stream']

/** Fields of clients that mean well, however odd. */
export const HONEST_FIELDS = [
  'X-A: one',
  'x-a:two',
  'X-Empty:',
  'X-Space: \t a  b \t',
  'X-Latin: \xe9\xff',
  'X-Colon: a:b: c',
  'Cookie: a=1; b="2"',
  'Accept: */*',
  'Content-Type: text/plain; charset=utf-8',
  'Connection: X-Drop',
  'Connection: keep-alive, x-drop, host, content-length, authorization',
  'X-Drop: of this hop',
  'Keep-Alive: timeout=3',
  'TE: trailers',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'Expect: something-else',
  'X-Api-Key: mine',
  'x_api_key: mine',
  'Trailer: X-T',
  '__proto__: 1',
  'constructor: 2',
  'Proxy-Connection: keep-alive',
  'Sidekey-Client: nobody',
  'X-Long: ' + 'l'.repeat(3_000),
]

export const HOSTILE_FIELDS = [
  'X-Fold: a\r\n b',
  'X-Fold: a\r\n\tContent-Length: 3',
  'X Space: 1',
  'X-A : 1',
  ' X-Lead: 1',
  'X-Nul: a\0b',
  'X-Ctl: a\x01b',
  'X-Cr: a\rb',
  'X-Lf: a\nX-Evil: b',
  'X-Lf: a\n\nGET /partner/smuggled HTTP/1.1\nHost: localhost\n\n',
  ': nameless',
  'NoColon',
  '',
  'Host: evil.example',
  'Host:',
  'X-Huge: ' + 'h'.repeat(17_000),
  'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13',
  'Connection: close',
  'Content-Length: 5',
  'Connection: Transfer-Encoding',
  'Content_Length: 3',
  'Transfer_Encoding: chunked',
  'Origin: https://evil.example',
]

/** Of `Content-Length`; `L` stands for the length. */
export const LENGTHS = [
  '+L',
  '-L',
  'L, L',
  'L L',
  '0xL',
  '0L',
  'L.0',
  '',
  ' L\t',
  'Le0',
  '18446744073709551616',
]

/** Of `Transfer-Encoding`. */
export const CODINGS = [
  'Chunked',
  ' chunked\t',
  'chunked, chunked',
  'gzip, chunked',
  'chunked, gzip',
  'identity',
  '\x0bchunked',
  'xchunked',
  'chunked;q=1',
  '',
]

export const TRAILERS = [
  'X-T: 1',
  'X-Sum:  a b ',
  'Authorization: Bearer EVIL',
  'X-Api-Key: mine',
  'Host: evil',
]
