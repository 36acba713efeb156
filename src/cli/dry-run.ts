import { z } from 'zod'
import { formatAge } from '../admin/format-age.ts'
import { expectAnswer } from './admin-answer.ts'
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './exit-codes.ts'
import { CommandFailure, type OperatorCall } from './operator-command.ts'
import { printable } from './printable.ts'

const planSchema = z.object({
  steps: z.array(
    z.object({
      afterSeconds: z.number(),
      phase: z.string(),
      step: z.string(),
      reason: z.string(),
      secret: z.string().nullable(),
      forSeconds: z.number(),
    }),
  ),
  stopsFor: z.string().nullable(),
})
type Plan = z.infer<typeof planSchema>

const HEAD = ['AFTER', 'PHASE', 'STEP', 'WHY']
const GAP = '  '

/**
 * `sidekey rotate CREDENTIAL --dry-run`: what a rotation would do now, from the record, the provider's list and probes.
 * @returns 0, or 1 when it would not come to its end by itself
 */
export async function showDryRun(call: OperatorCall): Promise<number> {
  const { client, io, positionals, flag, text } = call
  if (text('compromised') !== undefined) {
    throw new CommandFailure(
      '--dry-run shows what serves replaced; leave out --compromised',
      EXIT_USAGE,
    )
  }
  const [id = ''] = positionals
  const path = `/api/credentials/${encodeURIComponent(id)}/plan?emergency=${flag('emergency')}`
  const answer = await client.get(path)
  const plan = expectAnswer(client, answer, planSchema)
  for (const line of flag('json') ? [answer.text] : picture(id, plan)) io.out(line)
  return plan.stopsFor === null ? EXIT_OK : EXIT_FAILED
}

function picture(id: string, { steps, stopsFor }: Plan): readonly string[] {
  const rows = steps.map(({ afterSeconds, phase, step, reason, secret, forSeconds }) => {
    const lasts = forSeconds === 0 ? '' : ` ${formatAge(forSeconds * 1_000)}`
    const about = secret === null ? '' : ` ${secret}`
    return [formatAge(afterSeconds * 1_000), phase, `${step}${lasts}${about}`, reason]
  })
  const widths = HEAD.map((_head, column) =>
    Math.max(...[HEAD, ...rows].map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]) =>
    printable(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(GAP)).trimEnd()
  const end =
    stopsFor === null ? 'then it is at rest again' : `it would not go on: ${printable(stopsFor)}`
  return [
    `a rotation of ${printable(id)} now; nothing was changed`,
    ...[HEAD, ...rows].map(line),
    end,
  ]
}
