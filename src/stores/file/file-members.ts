import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { StoreUnreadableError } from '../../kernel/errors.ts'
import type { Clock } from '../../kernel/ports/clock.ts'
import type { Log } from '../../kernel/ports/log.ts'
import type { LastUses, Member } from '../../kernel/ports/store.ts'
import { mergeUses, usesOfDead } from '../gone-uses.ts'
import { Turns } from '../turns.ts'
import type { AtomicWriter } from './atomic-writer.ts'
import { MemberListing } from './member-listing.ts'
import { isSameProcess, parseIdentity, type ProcessIdentity, stateOf } from './process-identity.ts'
import { readPrivateFile, readTimedFile } from './read-private-file.ts'
import { removeFile } from './remove-file.ts'
import type { StorePaths } from './store-paths.ts'

const usesSchema = z.record(z.coerce.number<string>(), z.number())

const memberSchema = z.strictObject({
  process: z.unknown(),
  member: z.strictObject({
    instance: z.string(),
    held: z.array(z.int()),
    ackGeneration: z.int(),
    lastUse: usesSchema,
    rollout: z
      .strictObject({
        generation: z.int(),
        forMs: z.number(),
        requests: z.int(),
        refusals: z.int(),
      })
      .exactOptional(),
    atMs: z.number(),
  }),
})

/** Runs `work` alone among all processes, for the few milliseconds of a change. */
export type Exclusively = <T>(credentialId: string, work: () => Promise<T>) => Promise<T>

export interface FileMembersDeps {
  readonly paths: StorePaths
  readonly own: ProcessIdentity
  readonly writer: AtomicWriter
  readonly log: Log
  readonly clock: Clock
  readonly exclusively: Exclusively
}

/**
 * One file per replica and credential, with the process it belongs to. A replica whose process has ended is left out
 * and its file removed. So is one that runs elsewhere (another host, container or boot): a directory serves the
 * processes of one host only. A time stamp alone never removes anybody. What it used outlives it, in one small file per
 * credential: that is in place before its own file goes, so that at no moment neither tells of it.
 *
 * The time of the file is when its replica spoke last: one with nothing new to say only touches it.
 */
export class FileMembers {
  readonly #deps: FileMembersDeps
  /** The files that this process has written, and what it has said there. */
  readonly #spoken = new Map<string, string>()
  readonly #turns = new Turns()
  readonly #listing: MemberListing

  constructor(deps: FileMembersDeps) {
    this.#deps = deps
    this.#listing = new MemberListing(() => readdir(deps.paths.directory), deps.clock)
  }

  publish(credentialId: string, member: Member): Promise<void> {
    const path = this.#deps.paths.member(credentialId, member.instance)
    return this.#turns.take(path, () => this.#publish(credentialId, path, member))
  }

  async #publish(credentialId: string, path: string, member: Member): Promise<void> {
    const { own, writer } = this.#deps
    const said = JSON.stringify({ ...member, atMs: 0 })
    if (this.#spoken.get(path) === said && (await touch(path, member.atMs))) return
    if (!this.#spoken.has(path)) await this.#buryNamesake(credentialId, path)
    // Until it is written, nobody knows what the file says.
    this.#spoken.set(path, '')
    // Not flushed: after a power cut, no member is left to be waited for.
    await writer.replace(path, JSON.stringify({ process: own, member }), member.atMs)
    this.#spoken.set(path, said)
  }

  async list(credentialId: string): Promise<readonly Member[]> {
    const { paths, own, log, clock } = this.#deps
    const prefix = paths.memberPrefix(credentialId)
    const members: Member[] = []
    for (const name of await this.#listing.names(prefix)) {
      const path = join(paths.directory, name)
      const found = await readMember(path)
      if (found === null) continue
      if (found.process !== null && stateOf(found.process, own) === 'alive') {
        members.push(found.member)
      } else {
        await this.#bury(credentialId, path, usesOfDead(found.member, clock.now()))
        log.info('store member gone', { credential: credentialId, instance: found.member.instance })
      }
    }
    return members
  }

  remove(credentialId: string, instance: string): Promise<void> {
    const path = this.#deps.paths.member(credentialId, instance)
    return this.#turns.take(path, async () => {
      const found = await readMember(path)
      await this.#bury(credentialId, path, found?.member.lastUse ?? {})
      this.#spoken.delete(path)
    })
  }

  async goneUses(credentialId: string): Promise<LastUses> {
    const path = this.#deps.paths.gone(credentialId)
    const bytes = await readPrivateFile(path)
    if (bytes === null || bytes.length === 0) return {}
    try {
      return usesSchema.parse(JSON.parse(bytes.toString('utf8')))
    } catch (error) {
      throw damaged(path, error)
    }
  }

  /** Another process has left a word under this name: it is gone, since the name is now this one's. */
  async #buryNamesake(credentialId: string, path: string): Promise<void> {
    const found = await readMember(path)
    if (found === null) return
    if (found.process !== null && isSameProcess(found.process, this.#deps.own)) return
    await this.#bury(credentialId, path, usesOfDead(found.member, this.#deps.clock.now()))
  }

  async #bury(credentialId: string, path: string, uses: LastUses): Promise<void> {
    const { paths, writer, exclusively } = this.#deps
    if (Object.keys(uses).length > 0) {
      await exclusively(credentialId, async () => {
        const known = await this.goneUses(credentialId)
        const merged = mergeUses(known, uses)
        if (isDeepStrictEqual(merged, known)) return
        // Flushed: a drain may last days, and a power cut ends no promise.
        const file = await writer.prepare(paths.gone(credentialId), JSON.stringify(merged))
        await file.place()
      })
    }
    await removeFile(path)
  }
}

/** False: the file is gone, or its file system refuses; it is written anew then. */
function touch(path: string, atMs: number): Promise<boolean> {
  return utimes(path, atMs / 1_000, atMs / 1_000).then(
    () => true,
    () => false,
  )
}

async function readMember(
  path: string,
): Promise<{ readonly process: ProcessIdentity | null; readonly member: Member } | null> {
  const file = await readTimedFile(path)
  // Empty: a power cut took the content, and the process with it.
  if (file === null || file.bytes.length === 0) return null
  try {
    const { process, member } = memberSchema.parse(JSON.parse(file.bytes.toString('utf8')))
    return { process: parseIdentity(process), member: { ...member, atMs: file.changedAtMs } }
  } catch (error) {
    throw damaged(path, error)
  }
}

function damaged(path: string, cause: unknown): StoreUnreadableError {
  return new StoreUnreadableError(`${path} is damaged: delete it, it holds no secret`, { cause })
}
