import { createHash, X509Certificate } from 'node:crypto'

/** Of `sun.security.provider.JavaKeyStore`: the one format that every Java reads, and reads without a password. */
const MAGIC = 0xfeedfeed
const VERSION = 2
const TRUSTED_CERTIFICATE = 2
/** Java's own password of its own trust store; it protects nothing, since the content is public. */
const PASSWORD = 'changeit'

/** Writes certificates as a Java key store of trusted ones; the password is Java's usual `changeit`. */
export function javaTrustStore(certificates: readonly string[], nowMs: number): Buffer {
  const entries = certificates.flatMap((pem, index) => {
    const bytes = new X509Certificate(pem).raw
    return [uint32(TRUSTED_CERTIFICATE), text(`ca-${index}`), uint64(nowMs), text('X.509')].concat(
      uint32(bytes.length),
      bytes,
    )
  })
  const head = [uint32(MAGIC), uint32(VERSION), uint32(certificates.length)]
  const content = Buffer.concat([...head, ...entries])
  // The digest of the format, which has no other meaning.
  const digest = createHash('sha1')
    .update(Buffer.from(PASSWORD, 'utf16le').swap16())
    .update('Mighty Aphrodite')
    .update(content)
    .digest()
  return Buffer.concat([content, digest])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

/** Java's `writeUTF`. */
function text(ascii: string): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(ascii.length)
  return Buffer.concat([length, Buffer.from(ascii, 'latin1')])
}
