import { stat, utimes } from 'node:fs/promises'
import { z } from 'zod'
import { StoreUnreadableError } from '../../kernel/errors.ts'
import type { Clock } from '../../kernel/ports/clock.ts'
import type { Lease } from '../../kernel/ports/store.ts'
import type { AtomicWriter } from './atomic-writer.ts'
import { parseIdentity, type ProcessIdentity, stateOf } from './process-identity.ts'
import { readPrivateFile } from './read-private-file.ts'

const leaseSchema = z.strictObject({
  /** Null once released; the fence outlives its holder, since it must rise. */
  holder: z.string().nullable(),
  fence: z.int().min(1),
  ttlMs: z.number().positive(),
  process: z.unknown(),
})

type LeaseContent = Readonly<z.infer<typeof leaseSchema>>

export interface FileLeaseDeps {
  readonly clock: Clock
  readonly own: ProcessIdentity
  readonly writer: AtomicWriter
  /** Runs `work` alone among all processes, for the few milliseconds of a change. */
  readonly exclusively: <T>(credentialId: string, work: () => Promise<T>) => Promise<T>
}

/** When a sign of life of a holder was first seen, on the monotonic clock of this process. */
interface Sighting {
  readonly sign: string
  readonly sinceMs: number
}

/**
 * Leases as files. Each renewal sets the file's time; a holder whose file stays unchanged for its time to live, by the
 * clock of the one who watches, has lost it, and so has one whose process ended. No two clocks are ever compared.
 */
export class FileLeases {
  readonly #deps: FileLeaseDeps
  readonly #sightings = new Map<string, Sighting>()

  constructor(deps: FileLeaseDeps) {
    this.#deps = deps
  }

  acquire(
    credentialId: string,
    path: string,
    holder: string,
    ttlMs: number,
  ): Promise<Lease | null> {
    return this.#deps.exclusively(credentialId, async () => {
      const found = await readLease(path)
      if (found !== null && found.holder !== holder && (await this.#isHeld(path, found)))
        return null
      const fence = (found?.fence ?? 0) + 1
      await this.#write(path, { holder, fence, ttlMs, process: this.#deps.own })
      return this.#lease(credentialId, path, { holder, fence, ttlMs, process: this.#deps.own })
    })
  }

  #lease(credentialId: string, path: string, mine: LeaseContent): Lease {
    const whileMine = (work: () => Promise<void>): Promise<boolean> =>
      this.#deps.exclusively(credentialId, async () => {
        const found = await readLease(path)
        const isMine = found?.fence === mine.fence && found.holder === mine.holder
        if (isMine) await work()
        return isMine
      })
    return {
      fence: mine.fence,
      renew: () =>
        whileMine(async () => {
          const now = new Date(this.#deps.clock.now())
          await utimes(path, now, now)
        }),
      release: async () => {
        await whileMine(() => this.#write(path, { ...mine, holder: null }))
      },
    }
  }

  async #isHeld(path: string, { holder, fence, ttlMs, process }: LeaseContent): Promise<boolean> {
    if (holder === null) return false
    const identity = parseIdentity(process)
    if (identity !== null && stateOf(identity, this.#deps.own) === 'dead') return false
    const nowMs = this.#deps.clock.monotonic()
    const sign = `${fence} ${(await stat(path, { bigint: true })).mtimeNs}`
    const seen = this.#sightings.get(path)
    if (seen?.sign === sign) return nowMs - seen.sinceMs <= ttlMs
    this.#sightings.set(path, { sign, sinceMs: nowMs })
    return true
  }

  async #write(path: string, content: LeaseContent): Promise<void> {
    const file = await this.#deps.writer.prepare(path, JSON.stringify(content))
    await file.place()
  }
}

async function readLease(path: string): Promise<LeaseContent | null> {
  const bytes = await readPrivateFile(path)
  if (bytes === null) return null
  try {
    return leaseSchema.parse(JSON.parse(bytes.toString('utf8')))
  } catch (error) {
    throw new StoreUnreadableError(`${path} is damaged: delete it, it holds no secret`, {
      cause: error,
    })
  }
}
