import type { Log } from '../kernel/ports/log.ts'

/** For commands that tell people what they found in words of their own. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
}
