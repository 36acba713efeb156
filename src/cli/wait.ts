import { parseDuration } from '../config/units.ts'
import { type AdminClient, AdminUnreachableError } from './admin-client.ts'
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './exit-codes.ts'
import { CommandFailure, type OperatorCall, runOperatorCommand } from './operator-command.ts'
import type { OperatorIo } from './operator-io.ts'
import { printable } from './printable.ts'

const DEFAULT_TIMEOUT = '30s'
/** Short beside the start of any app, long enough to cost nothing. */
const ASK_EVERY_MS = 250

/**
 * `sidekey wait [--timeout 30s]`: returns when Sidekey is ready, so that an app's start can wait for it:
 * `sidekey wait && exec app`.
 * @returns 0 when ready, 1 when it was not in time (the last reasons are printed), 64 (usage)
 */
export function runWait(argv: readonly string[], io: OperatorIo): Promise<number> {
  return runOperatorCommand(argv, io, {
    usage: 'sidekey wait [--timeout 30s]',
    options: { timeout: { type: 'string', default: DEFAULT_TIMEOUT } },
    positionals: { min: 0, max: 0 },
    needsToken: false,
    run: waitUntilReady,
  })
}

async function waitUntilReady(call: OperatorCall): Promise<number> {
  const { io, text } = call
  const timeoutMs = parseDuration(text('timeout') ?? DEFAULT_TIMEOUT)
  if (typeof timeoutMs !== 'number') {
    throw new CommandFailure(`--timeout ${timeoutMs.message}: ${timeoutMs.remedy}`, EXIT_USAGE)
  }
  // Timers of the clock do not keep a process alive, and between two questions nothing else does.
  const { port1: alive } = new MessageChannel()
  alive.ref()
  try {
    return await askUntil(io.clock.monotonic() + timeoutMs, call)
  } finally {
    alive.close()
  }
}

async function askUntil(deadlineMs: number, { client, io, text }: OperatorCall): Promise<number> {
  for (;;) {
    const notReady = await askReady(client)
    if (notReady === null) return EXIT_OK
    const leftMs = deadlineMs - io.clock.monotonic()
    if (leftMs <= 0) {
      io.err(`not ready after ${text('timeout')}`)
      for (const line of notReady) io.err(printable(line))
      return EXIT_FAILED
    }
    await io.clock.sleep(Math.min(ASK_EVERY_MS, leftMs))
  }
}

/** Null when ready, else why not. */
async function askReady(client: AdminClient): Promise<readonly string[] | null> {
  try {
    const { status, text } = await client.get('/readyz?verbose')
    return status === 200 ? null : text.trimEnd().split('\n')
  } catch (error) {
    if (error instanceof AdminUnreachableError) return [error.message]
    throw error
  }
}
