import type { CredentialVersions, LiveVersion } from '../../src/kernel/credential.ts'
import type { Stop } from '../../src/kernel/ports/clock.ts'
import type { VersionSource } from '../../src/kernel/ports/version-source.ts'
import { SecretValue } from '../../src/kernel/secret-value.ts'

/** A live version with the stage `current` for the first generation given, `previous` or `pending` for the next. */
export function liveVersion(
  generation: number,
  secret: string,
  stage: LiveVersion['stage'] = 'current',
): LiveVersion {
  return {
    versionId: `g${generation}`,
    generation,
    stage,
    value: new SecretValue(secret),
    fingerprint: `fp${generation}`,
  }
}

/** Versions that a test sets; tells its watchers at once. */
export class FakeVersionSource implements VersionSource {
  readonly credentialId: string
  loads = 0
  failing = false
  probe?: NonNullable<VersionSource['probe']>
  readonly #watchers = new Set<() => void>()
  #versions: CredentialVersions

  constructor(
    credentialId: string,
    versions: readonly LiveVersion[],
    publicValues: Readonly<Record<string, string>> = { apiKey: 'a1b2c3d4' },
  ) {
    this.credentialId = credentialId
    this.#versions = { credentialId, publicValues, versions }
  }

  set(versions: readonly LiveVersion[]): void {
    this.#versions = { ...this.#versions, versions }
    for (const changed of this.#watchers) changed()
  }

  load(): Promise<CredentialVersions> {
    this.loads++
    return this.failing ? Promise.reject(new Error('unreadable')) : Promise.resolve(this.#versions)
  }

  watch(changed: () => void): Stop {
    this.#watchers.add(changed)
    return () => this.#watchers.delete(changed)
  }
}
