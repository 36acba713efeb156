import { join } from 'node:path'

/** The directory of a file store and the names in it. */
export class StorePaths {
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
  }

  /** The record itself, sealed. */
  record(credentialId: string): string {
    return this.#path(credentialId, 'record')
  }

  /** The highest version of the record that was written, sealed: shows that the record is an old backup. */
  mark(credentialId: string): string {
    return this.#path(credentialId, 'mark')
  }

  /** Held for the few milliseconds of one write. */
  lock(credentialId: string): string {
    return this.#path(credentialId, 'lock')
  }

  lease(credentialId: string): string {
    return this.#path(credentialId, 'lease')
  }

  member(credentialId: string, instance: string): string {
    return this.#path(credentialId, `member.${encode(instance)}`)
  }

  /** The uses of the replicas that are gone. */
  gone(credentialId: string): string {
    return this.#path(credentialId, 'gone')
  }

  /** How the names of all members of a credential begin. */
  memberPrefix(credentialId: string): string {
    return `${encode(credentialId)}${MEMBER}`
  }

  #path(credentialId: string, suffix: string): string {
    return join(this.directory, `${encode(credentialId)}.${suffix}`)
  }
}

/** Injective, and without dots, slashes and asterisks: no id can leave the directory, or name another one's file. */
function encode(name: string): string {
  return encodeURIComponent(name).replaceAll(
    /[.*'()~!]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

const MEMBER = '.member.'

/** The prefix of a member's file, as `StorePaths.memberPrefix` has it; null for any other name, unfinished ones included. */
export function memberPrefixOf(name: string): string | null {
  const at = name.indexOf(MEMBER)
  return at < 0 || name.endsWith('.tmp') ? null : name.slice(0, at + MEMBER.length)
}

/** Whether a name in the directory is one of the store's regular files; locks are symbolic links by design. */
export function isStoreFile(name: string): boolean {
  return /^[^.]+\.(record|mark|lease|gone|member\.[^.]+)(\.[^/]*\.tmp)?$/.test(name)
}
