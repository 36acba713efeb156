import { z } from 'zod'
import type { RotationCommand } from '../kernel/ports/rotation-control.ts'
import { SecretValue } from '../kernel/secret-value.ts'

/** Far above any provider's ids and secrets. */
const TEXT_MAX = 16_384

const secretId = z.string().min(1).max(TEXT_MAX)
const nothing = z.strictObject({})

/** The bodies of the commands; an absent body counts as `{}`. */
const COMMANDS = {
  rotate: z
    .strictObject({
      emergency: z.boolean().default(false),
      compromised: z
        .array(z.enum(['current', 'pending']))
        .min(1)
        .exactOptional(),
    })
    .refine(({ emergency, compromised }) => emergency || compromised === undefined, {
      path: ['compromised'],
    })
    .transform((body) => ({ kind: 'rotate', ...body }) as const),
  pause: nothing.transform(() => ({ kind: 'pause' }) as const),
  resume: nothing.transform(() => ({ kind: 'resume' }) as const),
  abort: nothing.transform(() => ({ kind: 'abort' }) as const),
  retry: nothing.transform(() => ({ kind: 'retry' }) as const),
  create: nothing.transform(() => ({ kind: 'create' }) as const),
  adopt: z
    .strictObject({ secretId, secret: z.string().min(1).max(TEXT_MAX) })
    .transform((body) => ({
      kind: 'adopt' as const,
      secretId: body.secretId,
      secret: new SecretValue(body.secret),
    })),
  revoke: z
    .strictObject({ secretId })
    .transform((body) => ({ kind: 'revoke' as const, secretId: body.secretId })),
} satisfies Record<RotationCommand['kind'], z.ZodType<RotationCommand>>

/** The words that may stand at the end of a command's path. */
export const COMMAND_WORDS = Object.keys(COMMANDS) as readonly RotationCommand['kind'][]

export type ReadCommand =
  | { readonly ok: true; readonly command: RotationCommand }
  /** What is wrong, by the names of members; a body may hold a secret, so no value is repeated. */
  | {
      readonly ok: false
      readonly code: 'body-malformed' | 'request-invalid'
      readonly detail: string
    }

/** Parses the body of `POST /api/credentials/{id}/{kind}`. */
export function readCommand(kind: RotationCommand['kind'], body: string): ReadCommand {
  const json = parseJson(body)
  if (json === undefined) {
    return { ok: false, code: 'body-malformed', detail: 'send a JSON object or no body' }
  }
  const parsed = COMMANDS[kind].safeParse(json)
  if (parsed.success) return { ok: true, command: parsed.data }
  const wrong = parsed.error.issues.map(({ path, code }) => `${path.join('.') || 'body'}: ${code}`)
  return { ok: false, code: 'request-invalid', detail: wrong.join('; ') }
}

function parseJson(body: string): unknown {
  if (body.trim() === '') return {}
  try {
    return JSON.parse(body) as unknown
  } catch {
    return undefined
  }
}
