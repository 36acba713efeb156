import type { Clock } from '../kernel/ports/clock.ts'
import type { CliIo } from './cli-io.ts'

/** What the commands that talk to a running Sidekey need of their process. */
export interface OperatorIo extends CliIo {
  /** `SIDEKEY_ADMIN` and `SIDEKEY_TOKEN_FILE` stand in for the options. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether the output is a terminal, and `NO_COLOR` is not set. */
  readonly colours: boolean
  /** Read by `adopt` alone. */
  readonly stdin: AsyncIterable<Uint8Array | string>
  readonly clock: Clock
}
