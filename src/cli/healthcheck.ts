import { EXIT_FAILED, EXIT_OK } from './exit-codes.ts'
import { runOperatorCommand } from './operator-command.ts'
import type { OperatorIo } from './operator-io.ts'
import { printable } from './printable.ts'

/**
 * `sidekey healthcheck`: asks `/readyz` once, for a container's HEALTHCHECK where there is no curl. Silent when ready.
 * @returns 0 when ready, 1 when not or when nobody answers, 64 (usage)
 */
export function runHealthcheck(argv: readonly string[], io: OperatorIo): Promise<number> {
  return runOperatorCommand(argv, io, {
    usage: 'sidekey healthcheck',
    options: {},
    positionals: { min: 0, max: 0 },
    needsToken: false,
    run: async ({ client }) => {
      const { status, text } = await client.get('/readyz?verbose')
      if (status === 200) return EXIT_OK
      for (const line of text.trimEnd().split('\n')) io.err(printable(line))
      return EXIT_FAILED
    },
  })
}
