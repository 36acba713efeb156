import { z } from 'zod'
import type { Substitution, Surface } from '../kernel/substitution.ts'
import { Refusal, scalar } from './refusal.ts'
import { parseHeaderName, parsePointer } from './route-words.ts'

/** Shorter ones would be found in texts that are none. */
const MARKER_LENGTH_MIN = 4

const parameter = scalar(
  (text) => (text === '' ? new Refusal('is no name of a parameter', 'write its name') : text),
  { description: 'The one parameter, by its decoded name.' },
)

const surface = z.union([
  z
    .enum(['header', 'query', 'path', 'form', 'json'])
    .transform((kind): Surface => ({ kind, name: null })),
  z
    .strictObject({ header: scalar(parseHeaderName, { description: 'The one header.' }) })
    .transform(({ header }): Surface => {
      // As the proxy compares names: an upstream may read an underscore as a dash.
      return { kind: 'header', name: header.toLowerCase().replaceAll('_', '-') }
    }),
  z
    .strictObject({ query: parameter })
    .transform(({ query: name }): Surface => ({ kind: 'query', name })),
  z
    .strictObject({ form: parameter })
    .transform(({ form: name }): Surface => ({ kind: 'form', name })),
  z
    .strictObject({
      json: scalar(parsePointer, { description: 'The one member, by its JSON pointer.' }),
    })
    .transform(({ json: name }): Surface => ({ kind: 'json', name })),
])

/** What stands behind `substitute:`. */
export const substituteKeys = z
  .strictObject({
    in: z.array(surface).min(1).meta({
      description:
        'Where placeholders may stand: header, query, path, form, json, or one of them by name, such as { header: Authorization }. Elsewhere they are refused.',
    }),
    placeholder: scalar(parseMarker, {
      description: 'How a placeholder looks; {name} is `secret` or a public word.',
      examples: ['SIDEKEY_{name}'],
    }).prefault('SIDEKEY_{name}'),
    bodies: z.enum(['read', 'pass']).default('read').meta({
      description:
        'read (default): every body is held and looked into. pass: bodies are not looked at, whatever they hold.',
    }),
  })
  .transform(({ in: surfaces, placeholder, bodies }): Substitution => ({
    ...placeholder,
    surfaces,
    bodies,
  }))
  .refine(({ surfaces, bodies }) => bodies === 'read' || surfaces.every(isHead), {
    error: new Refusal(
      'looks for placeholders in bodies that pass',
      'take form and json out, or say `bodies: read`',
    ).toString(),
  })
  .meta({ description: 'Puts the secret where the caller has written a placeholder.' })

function isHead({ kind }: Surface): boolean {
  return kind !== 'form' && kind !== 'json'
}

function parseMarker(text: string): { before: string; after: string } | Refusal {
  const [, before = '', after = ''] =
    /^([A-Za-z0-9._~-]+)\{name\}([A-Za-z0-9._~-]*)$/.exec(text) ?? []
  if (before.length >= MARKER_LENGTH_MIN) return { before, after }
  return new Refusal(
    'is no shape of a placeholder',
    'write at least four letters, digits or . _ ~ - before {name}, such as SIDEKEY_{name}',
  )
}
