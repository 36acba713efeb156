import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type KeySeal, LocalAuthority } from '../../../src/authority/local-authority.ts'
import type { Clock } from '../../../src/kernel/ports/clock.ts'
import { CryptoRandom } from '../../../src/platform/crypto-random.ts'
import { SystemClock } from '../../../src/platform/system-clock.ts'
import { RecordingLog } from '../../fakes/log.ts'

/** Not a cipher; it shows whether the key went through it. */
export const backwards: KeySeal = {
  seal: (text) => Buffer.from(text).reverse(),
  open: (sealed) => Buffer.from(sealed).reverse().toString(),
}

/** A directory of its own, and authorities that live in it. */
export class AuthorityWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'sidekey-authority-'))
  readonly directory = join(this.folder, 'ca')
  readonly log = new RecordingLog()
  readonly #open: LocalAuthority[] = []

  async authority(
    hosts: readonly string[],
    more: { readonly clock?: Clock; readonly directory?: string } = {},
  ): Promise<LocalAuthority> {
    const authority = await LocalAuthority.open({
      directory: more.directory ?? this.directory,
      hosts,
      seal: backwards,
      clock: more.clock ?? new SystemClock(),
      random: new CryptoRandom(),
      log: this.log,
    })
    this.#open.push(authority)
    return authority
  }

  /** Writes a file beside the directory. */
  write(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, text)
    return path
  }

  /** What openssl says, errors included. */
  async openssl(...args: readonly string[]): Promise<string> {
    try {
      const { stdout, stderr } = await promisify(execFile)('openssl', [...args])
      return stdout + stderr
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
      return stdout + stderr
    }
  }

  close(): void {
    for (const authority of this.#open) authority.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
