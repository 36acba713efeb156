import { setTimeout as sleep } from 'node:timers/promises'
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, rmSync, writeFileSync } from 'node:fs'
import type { Lane } from './lane.ts'
import { endsNow, SkippedError, type Trial } from './trial.ts'

/** Long enough for two rotations, had there been room. */
const FULL_MS = 6_000

const BALLAST = Array.from({ length: 20 }, (_, index) => `store/ballast-${index}`)
const FILL_MS = 100
const ACTING: readonly string[] = ['prepared', 'retiring', 'aborting']

/** A disk without room: a small file system in memory is mounted in the store's place. */
export const fullDisk: Trial = {
  group: 'store',
  name: 'the store’s disk is full',
  slow: 10,
  async disturb(stage) {
    const { lane } = stage
    await lane.stopAll()
    mountSmall(lane)
    await lane.start()
    const generation = lane.generation()
    if (!(await lane.until(() => lane.isAtRest(generation), 30_000))) {
      throw new Error('it does not rotate on the small file system')
    }
    await fill(lane)
    const before = lane.control.acts().length
    const full = lane.witness.records.read()
    await sleep(FULL_MS)
    const acts = lane.control.acts().length - before
    const saved = (lane.witness.records.read()?.version ?? 0) - (full?.version ?? 0)
    for (const name of BALLAST) rmSync(lane.home.path(name), { force: true })
    if (saved > 0) throw new Error('the disk was not full')
    // What was meant before may still be done; nothing new may be begun.
    const meant = full !== null && ACTING.includes(full.record.phase) ? 1 : 0
    if (acts > meant)
      throw new Error(`${acts} acts at the provider while nothing could be recorded`)
    return endsNow(stage)
  },
  async undo({ lane }) {
    await lane.stopAll()
    unmount(lane)
    await lane.start()
  },
}

function mountSmall(lane: Lane): void {
  const store = lane.home.path('store')
  const kept = lane.home.path('store-kept')
  cpSync(store, kept, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k,mode=0700', 'tmpfs', store], {
      stdio: 'ignore',
    })
  } catch {
    throw new SkippedError('this user may not mount a file system')
  }
  restore(kept, store)
  lane.witness.records.watch()
}

/** What was written on the small file system goes back to where the store was. */
function unmount(lane: Lane): void {
  const store = lane.home.path('store')
  const kept = lane.home.path('store-kept')
  rmSync(kept, { recursive: true, force: true })
  cpSync(store, kept, { recursive: true })
  try {
    execFileSync('umount', [store], { stdio: 'ignore' })
  } catch {
    // It was never mounted.
  }
  rmSync(store, { recursive: true, force: true })
  restore(kept, store)
  rmSync(kept, { recursive: true })
  lane.witness.records.watch()
}

function restore(kept: string, store: string): void {
  cpSync(kept, store, { recursive: true })
  chmodSync(store, 0o700)
}

/** Again and again, since a write that failed frees what it had taken. */
async function fill(lane: Lane): Promise<void> {
  for (const name of BALLAST) {
    const path = lane.home.path(name)
    try {
      for (let size = 4_096; ; size += 4_096) writeFileSync(path, Buffer.alloc(size))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
    }
    await sleep(FILL_MS)
  }
}
