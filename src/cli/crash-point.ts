import type { CrashPoint } from '../kernel/ports/crash-point.ts'

/**
 * Arms one crash point for tests: `SIDEKEY_CRASH_AT=create:after` kills the process when a rotation gets there, and
 * `SIDEKEY_CRASH_AT=create:after#3` when it gets there for the third time.
 */
export function arm(env: Readonly<Record<string, string | undefined>>): CrashPoint {
  const [, armed, count = '1'] = /^([^#]+)(?:#(\d+))?$/.exec(env['SIDEKEY_CRASH_AT'] ?? '') ?? []
  let left = Number(count)
  return (name) => {
    if (name === armed && --left === 0) process.kill(process.pid, 'SIGKILL')
  }
}
