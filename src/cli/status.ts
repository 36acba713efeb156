import { credentialSchema, credentialsSchema, expectAnswer } from './admin-answer.ts'
import { credentialDetail, credentialTable } from './credential-table.ts'
import { EXIT_OK } from './exit-codes.ts'
import { type OperatorCall, runOperatorCommand } from './operator-command.ts'
import type { OperatorIo } from './operator-io.ts'

/**
 * `sidekey status [CREDENTIAL]`: what the rotation of every credential, or of one with the ids of its versions, is doing.
 * @returns 0, 1 (nobody answers, unknown credential, wrong token) or 64 (usage)
 */
export function runStatus(argv: readonly string[], io: OperatorIo): Promise<number> {
  return runOperatorCommand(argv, io, {
    usage: 'sidekey status [CREDENTIAL] [--json]',
    options: { json: { type: 'boolean' } },
    positionals: { min: 0, max: 1 },
    needsToken: true,
    run: printStatus,
  })
}

async function printStatus({ client, io, positionals, flag }: OperatorCall): Promise<number> {
  const [id] = positionals
  const path = id === undefined ? '' : `/${encodeURIComponent(id)}`
  const answer = await client.get(`/api/credentials${path}`)
  const view = { nowMs: io.clock.now(), colours: io.colours }
  const lines =
    id === undefined
      ? credentialTable(expectAnswer(client, answer, credentialsSchema).credentials, view)
      : credentialDetail(expectAnswer(client, answer, credentialSchema), view)
  // The API's own bytes: a script sees members that this version does not know.
  for (const line of flag('json') ? [answer.text] : lines) io.out(line)
  return EXIT_OK
}
