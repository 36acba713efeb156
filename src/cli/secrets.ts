import { z } from 'zod'
import { formatInstant } from '../admin/format-age.ts'
import { expectAnswer } from './admin-answer.ts'
import { runCommand } from './command.ts'
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './exit-codes.ts'
import { type OperatorCall, runOperatorCommand } from './operator-command.ts'
import type { OperatorIo } from './operator-io.ts'
import { printable } from './printable.ts'

const instant = z.iso.datetime().transform((text) => Date.parse(text))
const secretSchema = z.object({
  id: z.string().nullable(),
  createdAt: instant.nullable(),
  active: z.boolean(),
  stage: z.string().nullable(),
  verdict: z.string().nullable(),
})
const secretsSchema = z.object({ secrets: z.array(secretSchema) })
type Secret = z.infer<typeof secretSchema>

const USAGE =
  'usage: sidekey secrets list|verify|create CREDENTIAL, or sidekey secrets revoke CREDENTIAL ID'

/**
 * `sidekey secrets list|verify|create|revoke CREDENTIAL`: an account's secrets at the provider, secondary accounts included. `list`
 * shows them with the stage that Sidekey knows them as, `verify` asks the provider about each value that is known, `revoke`
 * is the operator's `revoke`, with its journal and its refusals, and `create` makes a secondary account's first secret.
 * @returns 0, 1 (nobody answers, refused; `verify`: a known value does not work) or 64 (usage)
 */
export async function runSecrets(argv: readonly string[], io: OperatorIo): Promise<number> {
  const [what, ...rest] = argv
  if (what === 'revoke' || what === 'create') return runCommand(what, rest, io)
  if (what !== 'list' && what !== 'verify') {
    io.err(USAGE)
    return EXIT_USAGE
  }
  return runOperatorCommand(rest, io, {
    usage: `sidekey secrets ${what} CREDENTIAL [--json]`,
    options: { json: { type: 'boolean' } },
    positionals: { min: 1, max: 1 },
    needsToken: true,
    run: (call) => show(call, what === 'verify'),
  })
}

async function show({ client, io, positionals, flag }: OperatorCall, verify: boolean) {
  const path = `/api/credentials/${encodeURIComponent(positionals[0] ?? '')}/secrets`
  const answer = await client.get(`${path}?verify=${verify}`)
  const { secrets } = expectAnswer(client, answer, secretsSchema)
  const lines = secrets.map((secret) => secretLine(secret, io.clock.now()))
  for (const line of flag('json') ? [answer.text] : lines) io.out(line)
  const broken = secrets.some(({ verdict }) => verdict !== null && verdict !== 'accepted')
  return broken ? EXIT_FAILED : EXIT_OK
}

function secretLine({ id, stage, active, createdAt, verdict }: Secret, nowMs: number): string {
  const words = [
    (stage ?? 'foreign').padEnd('previous'.length),
    id ?? 'id not known',
    createdAt === null ? 'age not known' : `made ${formatInstant(createdAt, nowMs)}`,
    ...(active ? [] : ['not listed or inactive']),
    ...(verdict === null ? [] : [verdict]),
  ]
  return printable(words.join('  '))
}
