import type { Target, Way } from './ways.ts'
import type { World } from './world.ts'

/** What a client needs of the machine. */
export type Runtime = 'Node' | 'Python' | 'Go' | 'Java' | 'Ruby' | 'PHP' | 'curl'

/** One run of a client: a call over a way in. */
export interface Run {
  readonly call: string
  readonly way: Way
  readonly target: Target
  readonly world: World
}

/** A real client, and how it is started for one call. */
export interface Client {
  /** With the version that its manifest pins; the table adds the runtime's. */
  readonly name: string
  readonly runtime: Runtime
  /** Names of calls, which its program knows. */
  readonly calls: readonly string[]
  /** Those of them that carry a token, which a revoked secret has no part in. */
  readonly tokenCalls?: readonly string[]
  /** The first one is its main way. */
  readonly ways: readonly Way[]
  /** The options by which its user leads it to Sidekey, in Markdown; environment variables go without saying. */
  readonly told: string
  /** Ends with 0 when the API took the call, or prints the answer, for `accepts` to judge. */
  readonly command: (run: Run) => readonly string[]
  readonly accepts?: (call: string, printed: string) => boolean
  /** Variables beside those of `sidekey env`. */
  readonly variables?: (run: Run) => Readonly<Record<string, string>>
}
