import { z } from 'zod'
import { PROPAGATION_MAX_MS } from '../../kernel/limits.ts'
import { INSECURE_MESSAGE, isProtected, originSchema } from '../rest/origin-schema.ts'
import {
  authSchema,
  createSchema,
  listSchema,
  partsOfBody,
  revokeSchema,
  verifySchema,
} from './call-keys.ts'
import { matcherShape } from './matcher.ts'
import { mentions } from './template.ts'

/** What an answer other than success means, beside what every API says by 401, 429 and 5xx. */
const errorSchema = () =>
  z.strictObject({
    ...matcherShape(),
    on: z.enum(['list', 'create', 'deactivate', 'revoke']).optional().meta({
      description: 'The call; default: every one.',
    }),
    means: z.enum([
      'unauthorized',
      'forbidden',
      'account-not-found',
      'throttled',
      'unavailable',
      'slots-full',
      'invalid-value',
      'last-secret',
      'absent',
      'inactive',
    ]),
  })

const valueSchema = () =>
  z
    .strictObject({
      length: z.int().min(16).max(256),
      alphabet: z
        .string()
        .regex(/^[!-~]{2,}$/, 'visible ASCII, at least two characters')
        .refine((text) => new Set(text).size === text.length, 'names a character twice'),
      classes: z.array(z.string().min(1)).default([]),
    })
    .refine(
      ({ alphabet, classes }) =>
        classes.every((letters) => letters.split('').every((one) => alphabet.includes(one))),
      'a class has a character that the alphabet has not',
    )
    .refine(({ length, classes }) => classes.length <= length, 'is too short for its classes')

const apiSchema = () =>
  z
    .strictObject({
      baseUrl: originSchema,
      insecure: z.boolean().default(false),
      auth: authSchema(),
      secrets: z
        .strictObject({ min: z.int().min(0), max: z.int().min(2) })
        .prefault({ min: 1, max: 2 }),
      propagationSeconds: z
        .int()
        .min(1)
        .max(3600)
        .default(PROPAGATION_MAX_MS / 1000),
      value: valueSchema().optional(),
      list: listSchema(),
      create: createSchema(),
      deactivate: revokeSchema('POST').optional(),
      revoke: revokeSchema('DELETE'),
      errors: z.array(errorSchema()).default([]),
      verify: z.array(verifySchema()).min(1),
    })
    .superRefine((api, context) => {
      const complain = (path: PropertyKey[], message: string) =>
        context.addIssue({ code: 'custom', path, message })
      const urls = [api.baseUrl, ...api.verify.flatMap(({ baseUrl }) => baseUrl ?? [])]
      if (!api.insecure && !urls.every(isProtected)) complain(['baseUrl'], INSECURE_MESSAGE)
      if (api.secrets.min >= api.secrets.max) complain(['secrets'], 'min is below max')
      const sendsValue = mentions([partsOfBody(api.create)], 'value')
      if (sendsValue === (api.create.value !== undefined)) {
        complain(['create'], 'either send {value}, or say by `value` where the answer has it')
      }
      if (sendsValue && api.value === undefined) complain(['value'], 'says how a value looks')
    })

/** The configuration keys of a credential of this provider, beside those that every credential has. */
export const httpKeys = z.strictObject({
  account: z
    .string()
    .regex(/^[!-9;-~]{1,200}$/, "visible ASCII without ':'")
    .meta({ description: 'The account, public; {account} in templates.' }),
  // Made when it is needed: it is larger than all else that is configured, and most have no such account.
  api: z
    .lazy(apiSchema)
    .meta({ description: 'How the secrets of the account are managed and probed.' }),
})

export type HttpOptions = z.output<typeof httpKeys>
export type HttpApi = HttpOptions['api']
