import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { LRUCache } from 'lru-cache'
import {
  AUTHORITY_CHECK_MS,
  AUTHORITY_RENEW_BEFORE_MS,
  CERTIFICATE_BACKDATE_MS,
  LEAF_LIFETIME_MS,
  LEAVES_MAX,
} from '../kernel/limits.ts'
import { ConfigError } from '../kernel/errors.ts'
import type { Clock, Stop } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Random } from '../kernel/ports/random.ts'
import {
  type AuthorityPaths,
  authorityPaths,
  placeKeyFile,
  prepareDirectory,
  readKeyFile,
  readPublicFile,
  replacePublicFile,
} from './authority-files.ts'
import { nameConstraints } from './extensions.ts'
import { generateKeys, type Identity, issueAuthority, issueLeaf, type KeyPair } from './issue.ts'
import { javaTrustStore } from './java-trust-store.ts'
import { trustedCertificates } from './trust-bundle.ts'

/** Encrypts the private key with the key of the store; it stands beside its certificate, and must not be readable. */
export interface KeySeal {
  seal(text: string): Buffer
  /** @throws StoreUnreadableError it was sealed with another key, or damaged; `where` is its path */
  open(sealed: Buffer, where: string): string
}

export interface AuthorityOptions {
  /** Made with mode 0755 where it is missing: apps read the certificate there. */
  readonly directory: string
  /** The hosts that may be spoken for: lower-case names, no addresses. */
  readonly hosts: readonly string[]
  readonly seal: KeySeal
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

interface Leaf {
  readonly context: SecureContext
  readonly notBeforeMs: number
  readonly renewAtMs: number
}

/**
 * The authority of one installation, which speaks for the hosts of its routes and for nothing else. Its key is made
 * on the first start and kept, encrypted; its certificate is made anew when the hosts change or a month is left.
 */
export class LocalAuthority {
  readonly paths: AuthorityPaths
  readonly #options: AuthorityOptions
  readonly #leaves = new LRUCache<string, Leaf>({ max: LEAVES_MAX })
  #hosts: ReadonlySet<string> = new Set()
  #identity: Identity
  #stopTimer: Stop = () => {}

  private constructor(options: AuthorityOptions, identity: Identity) {
    this.#options = options
    this.#identity = identity
    this.paths = authorityPaths(options.directory)
  }

  /**
   * Reads the authority of a directory, or makes one there.
   * @throws ConfigError others may read the key or write into the directory
   * @throws StoreUnreadableError the key can't be opened: making another one would break every client
   */
  static async open(options: AuthorityOptions): Promise<LocalAuthority> {
    const { directory, hosts, clock, random } = options
    await prepareDirectory(directory)
    const keys = await loadKeys(options)
    const identity = issueAuthority(keys, hosts, clock.now(), random)
    const authority = new LocalAuthority(options, identity)
    await authority.serve(hosts)
    authority.#checkLater()
    return authority
  }

  /** The certificate, PEM. */
  get certificate(): string {
    return this.#identity.certificate.toString()
  }

  /** Hosts whose certificates are kept now. */
  get leaves(): number {
    return this.#leaves.size
  }

  /** Speaks for these hosts from now on; the files follow. */
  async serve(hosts: readonly string[]): Promise<void> {
    this.#hosts = new Set(hosts)
    this.#leaves.clear()
    await this.#renew()
  }

  /**
   * What a TLS connection to `servername` is answered with; null for a name that no route has, for which no
   * certificate is ever made.
   */
  contextFor(servername: string): SecureContext | null {
    const host = servername.toLowerCase()
    if (!this.#hosts.has(host)) return null
    const nowMs = this.#options.clock.now()
    const known = this.#leaves.get(host)
    // A clock that was set back would leave clients with a certificate from their future.
    if (known !== undefined && known.notBeforeMs <= nowMs && nowMs < known.renewAtMs) {
      return known.context
    }
    const { privateKey, certificate } = issueLeaf(this.#identity, host, nowMs, this.#options.random)
    const context = createSecureContext({
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      cert: certificate.toString(),
      minVersion: 'TLSv1.2',
    })
    this.#leaves.set(host, {
      context,
      notBeforeMs: nowMs - CERTIFICATE_BACKDATE_MS,
      renewAtMs: nowMs + LEAF_LIFETIME_MS / 2,
    })
    return context
  }

  close(): void {
    this.#stopTimer()
    this.#leaves.clear()
  }

  /** Brings certificate and files up to the hosts, the time, and what the system trusts. */
  async #renew(): Promise<void> {
    const { clock, random, log } = this.#options
    // That of the file comes first: another process of this installation may have made it.
    const known = await this.#readCertificate()
    const nowMs = clock.now()
    const hosts = [...this.#hosts]
    if (known !== null && fits(known, hosts, nowMs)) {
      this.#identity = { ...this.#identity, certificate: known }
    } else if (!fits(this.#identity.certificate, hosts, nowMs)) {
      this.#identity = issueAuthority(this.#identity, hosts, nowMs, random)
    }
    if (!(await this.#writeFiles(nowMs))) return
    log.info('certificate of the local authority written', { hosts: hosts.length })
  }

  /** Null: there is none, or it belongs to another key. */
  async #readCertificate(): Promise<X509Certificate | null> {
    const bytes = await readPublicFile(this.paths.certificate)
    if (bytes === null) return null
    try {
      const certificate = new X509Certificate(bytes)
      return certificate.verify(this.#identity.publicKey) ? certificate : null
    } catch {
      return null
    }
  }

  /** Whether they had to be written: what the system trusts may have changed too, or somebody has removed one. */
  async #writeFiles(nowMs: number): Promise<boolean> {
    const { random } = this.#options
    const { certificate, bundle, javaBundle, phpSettings } = this.paths
    const trusted = trustedCertificates(this.certificate)
    try {
      if (await this.#areCurrent(trusted)) return false
      await replacePublicFile(javaBundle, javaTrustStore(trusted, nowMs), random)
      await replacePublicFile(phpSettings, phpTrust(bundle), random)
      await replacePublicFile(certificate, this.certificate, random)
      // The last one, since it tells whether all are written.
      await replacePublicFile(bundle, trusted.join(''), random)
      return true
    } catch (error) {
      if (await this.#areUsable()) {
        this.#options.log.warn('trust of the local authority not brought up to date')
        return false
      }
      const message = `${this.#options.directory} can not be written`
      const remedy = 'give the user that runs Sidekey the right and the space to write there'
      const issue = { path: 'proxy.ca.directory', line: null, message, remedy }
      throw new ConfigError([issue], { cause: error })
    }
  }

  async #areCurrent(trusted: readonly string[]): Promise<boolean> {
    const { certificate, bundle, javaBundle, phpSettings } = this.paths
    return (
      (await readPublicFile(certificate))?.toString() === this.certificate &&
      (await readPublicFile(bundle))?.toString() === trusted.join('') &&
      (await readPublicFile(javaBundle)) !== null &&
      (await readPublicFile(phpSettings))?.toString() === phpTrust(bundle)
    )
  }

  /** Whether clients have what they need, though the system may trust others by now: the directory may be read-only. */
  async #areUsable(): Promise<boolean> {
    const { certificate, bundle } = this.paths
    return (
      (await readPublicFile(certificate))?.toString() === this.certificate &&
      (await readPublicFile(bundle))?.toString().includes(this.certificate) === true
    )
  }

  #checkLater(): void {
    const { clock, log } = this.#options
    this.#stopTimer = clock.after(AUTHORITY_CHECK_MS, () => {
      this.#renew().catch((error: unknown) => {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
        log.error('certificate of the local authority not renewed', { reason: code })
      })
      this.#checkLater()
    })
  }
}

/** PHP knows no variable for it: its curl, and what it opens as a stream. */
function phpTrust(bundle: string): string {
  return `curl.cainfo = "${bundle}"\nopenssl.cafile = "${bundle}"\n`
}

/** Whether a certificate says exactly these hosts, for long enough. */
function fits(certificate: X509Certificate, hosts: readonly string[], nowMs: number): boolean {
  return (
    certificate.raw.includes(nameConstraints(hosts)) &&
    Date.parse(certificate.validFrom) <= nowMs &&
    nowMs < Date.parse(certificate.validTo) - AUTHORITY_RENEW_BEFORE_MS
  )
}

/** The key of the directory, made where there is none. */
async function loadKeys({ directory, seal, random }: AuthorityOptions): Promise<KeyPair> {
  const { key: path } = authorityPaths(directory)
  let sealed = await readKeyFile(path)
  if (sealed === null) {
    const made = generateKeys().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    await placeKeyFile(path, seal.seal(made), random)
    sealed = await readKeyFile(path)
  }
  if (sealed === null) throw new Error('the key of the local authority vanished')
  const privateKey = createPrivateKey(seal.open(sealed, path))
  return { privateKey, publicKey: createPublicKey(privateKey) }
}
