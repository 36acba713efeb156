import { z } from 'zod'
import { expectAnswer } from './admin-answer.ts'
import { EXIT_OK } from './exit-codes.ts'
import { runOperatorCommand } from './operator-command.ts'
import type { OperatorIo } from './operator-io.ts'

/**
 * `sidekey shutdown`: asks Sidekey to stop as on SIGTERM, for the end of a job whose sidecars would outlive it.
 * @returns 0 when the stop began, 1 (nobody answers, wrong token) or 64 (usage)
 */
export function runShutdown(argv: readonly string[], io: OperatorIo): Promise<number> {
  return runOperatorCommand(argv, io, {
    usage: 'sidekey shutdown',
    options: {},
    positionals: { min: 0, max: 0 },
    needsToken: true,
    run: async ({ client }) => {
      const answer = await client.post('/quitquitquit', null)
      expectAnswer(client, answer, z.object({ stopping: z.literal(true) }))
      io.out('stopping')
      return EXIT_OK
    },
  })
}
