import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { StoreUnreadableError } from '../../kernel/errors.ts'
import type { Log } from '../../kernel/ports/log.ts'
import type { Member } from '../../kernel/ports/store.ts'
import type { AtomicWriter } from './atomic-writer.ts'
import { parseIdentity, type ProcessIdentity, stateOf } from './process-identity.ts'
import { readPrivateFile } from './read-private-file.ts'
import type { StorePaths } from './store-paths.ts'

const memberSchema = z.strictObject({
  process: z.unknown(),
  member: z.strictObject({
    instance: z.string(),
    held: z.array(z.int()),
    ackGeneration: z.int(),
    lastUse: z.record(z.coerce.number<string>(), z.number()),
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

export interface FileMembersDeps {
  readonly paths: StorePaths
  readonly own: ProcessIdentity
  readonly writer: AtomicWriter
  readonly log: Log
}

/**
 * One file per replica and credential, with the process it belongs to. A replica whose process has ended is left out
 * and its file removed. So is one that runs elsewhere (another host, container or boot): a directory serves the
 * processes of one host only. A time stamp alone never removes anybody.
 */
export class FileMembers {
  readonly #deps: FileMembersDeps

  constructor(deps: FileMembersDeps) {
    this.#deps = deps
  }

  async publish(credentialId: string, member: Member): Promise<void> {
    const { paths, own, writer } = this.#deps
    // Not flushed: after a power cut, no member is left to be waited for.
    await writer.replace(
      paths.member(credentialId, member.instance),
      JSON.stringify({ process: own, member }),
    )
  }

  async list(credentialId: string): Promise<readonly Member[]> {
    const { paths, own, log } = this.#deps
    const prefix = paths.memberPrefix(credentialId)
    const members: Member[] = []
    for (const name of (await readdir(paths.directory)).toSorted()) {
      if (!name.startsWith(prefix) || name.endsWith('.tmp')) continue
      const path = join(paths.directory, name)
      const found = await readMember(path)
      if (found === null) continue
      if (found.process !== null && stateOf(found.process, own) === 'alive') {
        members.push(found.member)
      } else {
        await rm(path, { force: true })
        log.info('store member gone', { credential: credentialId, instance: found.member.instance })
      }
    }
    return members
  }

  async remove(credentialId: string, instance: string): Promise<void> {
    await rm(this.#deps.paths.member(credentialId, instance), { force: true })
  }
}

async function readMember(
  path: string,
): Promise<{ readonly process: ProcessIdentity | null; readonly member: Member } | null> {
  const bytes = await readPrivateFile(path)
  // Empty: a power cut took the content, and the process with it.
  if (bytes === null || bytes.length === 0) return null
  try {
    const { process, member } = memberSchema.parse(JSON.parse(bytes.toString('utf8')))
    return { process: parseIdentity(process), member }
  } catch (error) {
    throw new StoreUnreadableError(`${path} is damaged: delete it, it holds no secret`, {
      cause: error,
    })
  }
}
