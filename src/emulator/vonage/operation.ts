import type { Attempt } from './authenticate.ts'
import type { Call, Placement } from './call.ts'
import type { EmulatedAccount } from './emulated-account.ts'
import type { Reply } from './reply.ts'
import type { LagHost } from './settings.ts'
import type { World } from './world.ts'

/** Paths that share their host, their placements and their way to report bad credentials. */
export interface Family {
  readonly name: string
  /** Whose cache of secrets it asks, where the client's `Host` does not say. */
  readonly host: LagHost
  readonly placements: ReadonlySet<Placement>
  refuse(world: World, call: Call, attempt: Attempt): Reply
}

/** Everything that an operation works with. */
export interface Task {
  readonly world: World
  readonly call: Call
  readonly caller: { readonly account: EmulatedAccount }
  /** The named parts of the path, percent-decoded. */
  readonly params: Readonly<Record<string, string>>
}

/** One thing that the provider can be asked for. */
export interface Operation {
  /** Family and verb, such as `secrets.create`: the word of faults and counters. */
  readonly name: string
  readonly family: Family
  readonly methods: readonly string[]
  /** Literal segments, and `:name` for a part. */
  readonly path: string
  perform(task: Task): Reply
}

interface Compiled {
  readonly operation: Operation
  readonly segments: readonly string[]
}

/** Finds operations by method and path. */
export class OperationTable {
  /** By first segment and number of segments: each bucket holds a handful. */
  readonly #buckets = new Map<string, Compiled[]>()

  constructor(operations: readonly Operation[]) {
    for (const operation of operations) {
      const segments = operation.path.slice(1).split('/')
      const bucket = `${segments[0]}/${segments.length}`
      const compiled = this.#buckets.get(bucket) ?? []
      compiled.push({ operation, segments })
      this.#buckets.set(bucket, compiled)
    }
  }

  find(call: Call): { operation: Operation; params: Readonly<Record<string, string>> } | null {
    const bucket = this.#buckets.get(`${call.segments[0]}/${call.segments.length}`) ?? []
    for (const { operation, segments } of bucket) {
      if (!operation.methods.includes(call.method)) continue
      const params = matchSegments(segments, call.segments)
      if (params !== null) return { operation, params }
    }
    return null
  }
}

function matchSegments(
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | null {
  const params: Record<string, string> = {}
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? ''
    if (part.startsWith(':')) params[part.slice(1)] = decode(segment)
    else if (part !== segment) return null
  }
  return params
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
