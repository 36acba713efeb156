import type { Stop } from '../../../src/kernel/ports/clock.ts'

interface Entry {
  readonly dueMs: number
  readonly order: number
  /** Null once cancelled or run. */
  callback: (() => void) | null
  /** Whether the callback settles promises, whose continuations must run before the next event. */
  readonly wakes: boolean
}

/**
 * Virtual time: a queue of events, run in order of their instant and then of their entry. Between two events every
 * promise chain runs to its next wait: one trip through the macrotask queue (1.4 µs) drains all microtasks, which is
 * cheaper than a fixed number of awaits (30 of them: 1.8 µs) and, unlike it, complete.
 */
export class VirtualTime {
  #nowMs = 0
  #order = 0
  readonly #heap: Entry[] = []
  /** Events run so far. */
  events = 0

  get nowMs(): number {
    return this.#nowMs
  }

  /** Calls back after `delayMs`. `wakes: false` for callbacks that settle no promise: they need no drain. */
  after(delayMs: number, callback: () => void, wakes = true): Stop {
    const dueMs = this.#nowMs + Math.max(0, delayMs)
    const entry: Entry = { dueMs, order: this.#order++, callback, wakes }
    this.#push(entry)
    return () => {
      entry.callback = null
    }
  }

  /** Runs everything that is due until `untilMs`, or until `done` says so; looks at it after each event. */
  async run(untilMs: number, done: () => boolean = () => false): Promise<void> {
    await drain()
    for (let next = this.#heap[0]; next !== undefined && !done(); next = this.#heap[0]) {
      if (next.dueMs > untilMs) break
      this.#pop()
      const { callback } = next
      if (callback === null) continue
      next.callback = null
      this.#nowMs = next.dueMs
      this.events++
      callback()
      if (next.wakes) await drain()
    }
    this.#nowMs = Math.max(this.#nowMs, done() ? 0 : untilMs)
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let index = heap.push(entry) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!before(entry, heap[parent]!)) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order)
}

function drain(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
