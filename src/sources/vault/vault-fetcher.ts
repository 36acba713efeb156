import type { VaultSource } from '../../kernel/secret-source.ts'
import { acceptMember, memberOf, parseJson } from '../accept-value.ts'
import type { HttpAnswer } from '../http-client.ts'
import { type Fetched, type SecretFetcher, SourceFault } from '../secret-fetcher.ts'
import { faultOf } from './fault-of.ts'
import { encodePath, type VaultSession } from './vault-session.ts'

/** Reads a key of a secret in the KV engine, version 2, of Vault or OpenBao. */
export class VaultFetcher implements SecretFetcher {
  readonly server: string
  readonly #source: VaultSource
  readonly #session: VaultSession

  constructor(source: VaultSource, session: VaultSession) {
    this.server = source.address
    this.#source = source
    this.#session = session
  }

  async fetch(signal: AbortSignal): Promise<Fetched> {
    const { mount, path, version } = this.#source
    const place = `${encodePath(mount)}/data/${encodePath(path)}`
    const current = await this.#session.get(place, signal)
    if (current instanceof SourceFault || version === 'current') return this.#valueOf(current)
    const number = numberOf(current)
    if (number === null) return this.#valueOf(current)
    if (number < 2) return new SourceFault('absent', 'there is no version before the current one')
    return this.#valueOf(await this.#session.get(`${place}?version=${number - 1}`, signal))
  }

  #valueOf(answer: HttpAnswer | SourceFault): Fetched {
    if (answer instanceof SourceFault) return answer
    const body = parseJson(answer.text)
    // A deleted version is answered with 404 and its metadata; a missing one without.
    if (answer.status === 404 && memberOf(body, 'data', 'metadata') !== undefined) {
      return new SourceFault('absent', 'this version is deleted')
    }
    if (answer.status !== 200) return faultOf(answer, 'the read')
    const data = memberOf(body, 'data', 'data')
    return data === undefined
      ? new SourceFault('invalid', 'the answer is none of a KV engine, version 2')
      : acceptMember(data, this.#source.key)
  }
}

/** Of the current version, even where it is deleted; null: the answer does not tell. */
function numberOf({ status, text }: HttpAnswer): number | null {
  if (status !== 200 && status !== 404) return null
  const number = memberOf(parseJson(text), 'data', 'metadata', 'version')
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : null
}
