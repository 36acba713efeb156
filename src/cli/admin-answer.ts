import { z } from 'zod'
import type { AdminAnswer, AdminClient } from './admin-client.ts'
import { CommandFailure } from './operator-command.ts'

const instant = z.iso.datetime().transform((text) => Date.parse(text))

/** A credential as the admin API tells it; members that a later version adds are left out. */
export const credentialSchema = z.object({
  id: z.string(),
  provider: z.string(),
  phase: z.string(),
  reason: z.string().nullable(),
  paused: z.boolean(),
  blocked: z.object({ reason: z.string(), since: instant, detail: z.string() }).nullable(),
  versions: z.array(
    z.object({
      stage: z.string(),
      id: z.string().nullable(),
      fingerprint: z.string(),
      createdAt: instant.nullable(),
      lastUsedAt: instant.nullable(),
    }),
  ),
  rollout: z
    .object({
      share: z.number(),
      since: instant,
      watchedSeconds: z.number(),
      requests: z.number(),
      refusals: z.number(),
    })
    .nullable()
    .default(null),
  lastRotationAt: instant.nullable(),
  nextRotationAt: instant.nullable(),
})

export type Credential = z.infer<typeof credentialSchema>

export const credentialsSchema = z.object({ credentials: z.array(credentialSchema) })

const problemSchema = z.object({
  title: z.string(),
  code: z.string(),
  detail: z.string().optional(),
})

/**
 * The answer's body as `schema` has it.
 * @throws CommandFailure for every answer that is no success, with its reason and the remedy
 */
export function expectAnswer<T>(client: AdminClient, answer: AdminAnswer, schema: z.ZodType<T>): T {
  const json = parseJson(answer.text)
  if (answer.status < 300) {
    const parsed = schema.safeParse(json)
    if (parsed.success) return parsed.data
    throw notSidekey(client)
  }
  const problem = problemSchema.safeParse(json)
  if (!problem.success) throw notSidekey(client, answer.status)
  const { title, code, detail } = problem.data
  const remedy =
    code === 'token-required' ? 'name the file of admin.tokenFile with --token-file' : detail
  throw new CommandFailure(`${title}${remedy === undefined ? '' : `: ${remedy}`} (${code})`)
}

function notSidekey(client: AdminClient, status?: number): CommandFailure {
  const seen = status === undefined ? 'something unknown' : `with status ${status}`
  return new CommandFailure(
    `${client.origin} answers ${seen}, not as sidekey's admin port: is --admin right?`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
