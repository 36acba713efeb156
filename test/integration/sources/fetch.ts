import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSecretSource } from '../../../src/config/secret-source.ts'
import type { RemoteSource, VaultSource } from '../../../src/kernel/secret-source.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { openFetchers } from '../../../src/sources/open-fetchers.ts'
import type { Fetched } from '../../../src/sources/secret-fetcher.ts'
import { FakeClock } from '../../fakes/clock.ts'

/** The current password at secret/partner of some Vault. */
export function vaultSource(
  own: Pick<VaultSource, 'address' | 'login'> & Partial<VaultSource>,
): VaultSource {
  return {
    kind: 'vault',
    mount: 'secret',
    path: 'partner',
    key: 'password',
    namespace: null,
    version: 'current',
    refreshMs: 60_000,
    ...own,
  }
}

/** Sources opened over real sockets, and the files that they log in with. */
export class Bench {
  readonly clock = new FakeClock()
  readonly env: Record<string, string> = {}
  readonly kept = new Map<string, readonly string[]>()
  readonly #directory = mkdtempSync(join(tmpdir(), 'sidekey-sources-'))
  readonly #closes: (() => Promise<void>)[] = []

  path(name: string): string {
    return join(this.#directory, name)
  }

  write(name: string, content: string): string {
    writeFileSync(this.path(name), content)
    return this.path(name)
  }

  /** Looks of the first of these sources; the others share its login. */
  open(...sources: readonly RemoteSource[]): () => Promise<string> {
    const { env, clock } = this
    const opened = openFetchers(sources, {
      clock,
      env,
      readLocal: (source) => readSecretSource(source, env),
      keepSecret: (what, secrets) => {
        const texts = secrets.map((secret) => secret.expose())
        this.kept.set(what, texts)
      },
    })
    this.#closes.push(() => opened.close())
    return async () => said(await opened.fetchers[0]?.fetch(new AbortController().signal))
  }

  async end(): Promise<void> {
    for (const close of this.#closes.splice(0)) await close()
    rmSync(this.#directory, { recursive: true })
  }
}

function said(found: Fetched | undefined): string {
  if (found === undefined) throw new Error('no source was opened')
  return found instanceof SecretValue ? found.expose() : `${found.reason}: ${found.message}`
}
