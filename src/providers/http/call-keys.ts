import { z } from 'zod'
import { originSchema } from '../rest/origin-schema.ts'
import { jsonPointer } from './json-pointer.ts'
import { matcherSchema } from './matcher.ts'
import { type Template, templateOf } from './template.ts'

/** What each kind of call may write into its templates. */
const MANAGEMENT_WORDS = ['account', 'manager', 'secret', 'managementToken'] as const
const ACCOUNT_WORDS = ['account'] as const
const CREATE_WORDS = ['account', 'value'] as const
const REVOKE_WORDS = ['account', 'secretId'] as const
const VERIFY_WORDS = ['account', 'secret'] as const

const methodSchema = () => z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
const headerName = () => z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'is no name of a header')

/** Where a call authenticates itself: a header, Basic, or the query. */
function placement(words: readonly string[]) {
  return {
    headers: z.record(headerName(), templateOf(words, 'A header.')).default({}),
    basic: z
      .strictObject({
        username: templateOf(words, 'The user.'),
        password: templateOf(words, 'The password.'),
      })
      .optional(),
    query: z.record(z.string(), templateOf(words, 'A parameter of the query.')).default({}),
  }
}

function pathOf(words: readonly string[]) {
  return templateOf(words, 'The path; what is filled in is percent-encoded.').refine(
    (parts) => typeof parts[0] === 'string' && parts[0].startsWith('/'),
    'a path starts with /',
  )
}

/** A body whose texts are templates, as JSON or as a form. */
function bodyOf(words: readonly string[]) {
  return {
    json: templateTree(words).optional(),
    form: z.record(z.string(), templateOf(words, 'A field.')).optional(),
  }
}

/** JSON whose texts are templates; a template is told from a list by its mark. */
export type TemplateTree =
  | { readonly template: Template }
  | { readonly literal: number | boolean | null }
  | { readonly list: readonly TemplateTree[] }
  | { readonly members: Readonly<Record<string, TemplateTree>> }

function templateTree(words: readonly string[]): z.ZodType<TemplateTree> {
  const leaf = templateOf(words, 'A text.').transform((template) => ({ template }))
  const literal = z
    .union([z.number(), z.boolean(), z.null()])
    .transform((one) => ({ literal: one }))
  const tree: z.ZodType<TemplateTree> = z.lazy(() =>
    z.union([
      leaf,
      literal,
      z.array(tree).transform((list) => ({ list })),
      z.record(z.string(), tree).transform((members) => ({ members })),
    ]),
  )
  return tree
}

/** How management calls are authenticated. */
export const authSchema = () => z.strictObject(placement(MANAGEMENT_WORDS))

/** Reads which secrets there are. */
export const listSchema = () =>
  z.strictObject({
    method: methodSchema().default('GET'),
    path: pathOf(ACCOUNT_WORDS),
    items: jsonPointer('The list in the body; empty: the body is the list.').default([]),
    id: jsonPointer('The id, in an element.'),
    createdAt: jsonPointer('When it was created, in an element: RFC 3339, or seconds.').optional(),
    inactive: z
      .strictObject({ json: jsonPointer('Where an element says so.'), in: z.array(z.string()) })
      .optional()
      .meta({ description: 'How an element shows that it is deactivated.' }),
  })

/** Makes one. */
export const createSchema = () =>
  z.strictObject({
    method: methodSchema().default('POST'),
    path: pathOf(ACCOUNT_WORDS),
    ...bodyOf(CREATE_WORDS),
    id: jsonPointer('The id, in the answer.'),
    value: jsonPointer('The value, in the answer, where the provider chooses it.').optional(),
  })

/** Ends one, or deactivates it first. */
export const revokeSchema = (method: 'DELETE' | 'POST') =>
  z.strictObject({
    method: methodSchema().default(method),
    path: pathOf(REVOKE_WORDS),
    ...bodyOf(REVOKE_WORDS),
  })

/** Asks a service whether it accepts a secret. */
export const verifySchema = () =>
  z.strictObject({
    service: z.string().min(1).meta({ description: 'Its name in logs.' }),
    baseUrl: originSchema.optional(),
    method: methodSchema().default('GET'),
    path: pathOf(ACCOUNT_WORDS),
    ...placement(VERIFY_WORDS),
    ...bodyOf(VERIFY_WORDS),
    accept: z
      .array(matcherSchema())
      .min(1)
      .meta({ description: 'Answers that accept the secret.' }),
    refuse: z
      .array(matcherSchema())
      .min(1)
      .prefault([{ status: 401 }])
      .meta({ description: 'Answers that refuse it; default: 401. Anything else says nothing.' }),
  })

export type Placement = z.output<ReturnType<typeof authSchema>>

/** The parsed body of a call. */
export interface BodyTemplates {
  readonly json?: TemplateTree | undefined
  readonly form?: Readonly<Record<string, Template>> | undefined
}

/** Every part of every template of a body. */
export function partsOfBody({ json, form }: BodyTemplates): Template {
  const fields = Object.values(form ?? {}).flat()
  return json === undefined ? fields : [...partsOfTree(json), ...fields]
}

function partsOfTree(tree: TemplateTree): Template {
  if ('template' in tree) return tree.template
  if ('list' in tree) return tree.list.flatMap(partsOfTree)
  return 'members' in tree ? Object.values(tree.members).flatMap(partsOfTree) : []
}
