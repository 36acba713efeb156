import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SystemClock } from '../../src/platform/system-clock.ts'
import { idleRecord } from './record.ts'
import { describeStore } from './store.ts'
import { openStore, runStoreTask, type StoreTask } from './store-file-tasks.ts'

/** The real clock with its hands moved: locks are waited for in real time, leases expire at once. */
class ShiftedClock extends SystemClock {
  #shiftMs = 0

  override now(): number {
    return super.now() + this.#shiftMs
  }
  override monotonic(): number {
    return super.monotonic() + this.#shiftMs
  }
  shift(ms: number): void {
    this.#shiftMs += ms
  }
}

describeStore('file store', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sidekey-store-'))
  const clock = new ShiftedClock()
  return {
    open: () => openStore(join(root, 'store'), clock),
    elapse: async (ms) => clock.shift(ms),
    dispose: () => rm(root, { recursive: true }),
  }
})

describe('file store: processes', () => {
  const children: ChildProcess[] = []
  let root: string
  let directory: string

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'sidekey-store-'))
    directory = join(root, 'store')
    const store = await openStore(directory)
    await store.compareAndSwap('partner', null, idleRecord('partner'))
    await store.close()
  })
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    await rm(root, { recursive: true })
  })

  /** Runs a task in a process of its own; `ulimitBlocks` bounds the size of what it may write. */
  function start(task: StoreTask, count = 0, ulimitBlocks: number | null = null) {
    const tasks = new URL('./store-file-tasks.ts', import.meta.url).href
    const script = `import { ${runStoreTask.name} } from '${tasks}'
      await ${runStoreTask.name}(${JSON.stringify(directory)}, '${task}', ${count})`
    const limit = ulimitBlocks === null ? '' : `ulimit -f ${ulimitBlocks}; `
    const child = spawn(
      'sh',
      ['-c', `${limit}exec "$0" "$@"`, process.execPath, '--input-type=module', '-e', script],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    children.push(child)
    const lines: string[] = []
    const printed = createInterface({ input: child.stdout })
    printed.on('line', (line) => lines.push(line))
    const ended = once(printed, 'close').then(() => lines)
    return { child, printed, lines, ended }
  }

  test('no update of four processes is lost', async () => {
    const runs = Array.from({ length: 4 }, () => start('increment', 25))
    const versions = (await Promise.all(runs.map(({ ended }) => ended))).flat()
    expect(new Set(versions).size).toBe(100)
    const stored = await (await openStore(directory)).read('partner')
    expect(stored).toMatchObject({ version: 101, record: { lastGeneration: 101 } })
  })

  test('SIGKILL at any moment keeps what was acknowledged and leaves a store that works', async () => {
    for (let kill = 1; kill <= 12; kill++) {
      const { child, printed, lines, ended } = start('increment', 1_000_000)
      // Another number of writes each time, so that the kill meets another moment.
      while (lines.length < kill * 3) await once(printed, 'line')
      child.kill('SIGKILL')
      await ended
      const store = await openStore(directory)
      const stored = await store.read('partner')
      const acknowledged = Number(lines.at(-1))
      // The write that was in flight may have happened; no other one.
      expect([acknowledged, acknowledged + 1]).toContain(stored?.version)
      expect(stored?.record.lastGeneration).toBe(stored?.version)
      const next = { ...stored!.record, lastGeneration: stored!.version + 1 }
      expect(await store.compareAndSwap('partner', stored!.version, next)).toBe(stored!.version + 1)
      await store.close()
    }
    expect((await readdir(directory)).toSorted()).toEqual(['partner.mark', 'partner.record'])
  })

  test('a killed process gives up its lease and its membership at once', async () => {
    const { child, printed, ended } = start('join')
    expect(await once(printed, 'line')).toEqual(['joined'])
    const store = await openStore(directory)
    expect(await store.acquireLease('partner', 'b', 1_000)).toBeNull()
    expect((await store.members('partner')).map(({ instance }) => instance)).toEqual(['child'])
    child.kill('SIGKILL')
    await Promise.all([ended, once(child, 'exit')])
    expect((await store.acquireLease('partner', 'b', 1_000))?.fence).toBe(2)
    const killedAtMs = Date.now()
    expect(await store.members('partner')).toEqual([])
    // Nobody knows what it used after its last word: it may have used all that it held until now.
    expect((await store.goneUses('partner'))[1]).toBeGreaterThanOrEqual(killedAtMs)
  })

  test('a write that does not fit says so and changes nothing', async () => {
    const [said] = await start('write', 0, 0).ended
    expect(said).toContain('store-unavailable cannot write')
    expect(said).toContain('partner.record: EFBIG')
    expect((await readdir(directory)).toSorted()).toEqual(['partner.mark', 'partner.record'])
    expect((await (await openStore(directory)).read('partner'))?.version).toBe(1)
    expect(await start('write').ended).toEqual(['2'])
  })
})
