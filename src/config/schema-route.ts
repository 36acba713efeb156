import { z } from 'zod'
import type { Injection, NamedTemplate } from '../kernel/route.ts'
import { parseListenAddress } from './listen-address.ts'
import { Refusal, scalar } from './refusal.ts'
import {
  parseHeaderName,
  parseMethod,
  parsePathPattern,
  parsePathPrefix,
  parsePin,
  parsePointer,
  parseTemplate,
} from './route-words.ts'
import { hmacKeys, jwtKeys, oauth2Keys, sigv4Keys } from './schema-signing.ts'
import { substituteKeys } from './schema-substitution.ts'
import { nameOf } from './schema-words.ts'
import { parseHost, parseUpstreamUrl } from './upstream-url.ts'

const template = (description: string) =>
  scalar(parseTemplate, { description, examples: ['{secret}'] })

const templates = (name: z.ZodType<string, string>, description: string) =>
  z
    .record(name, template('Text with placeholders.'))
    .transform((map): readonly NamedTemplate[] =>
      Object.entries(map).map(([name, template]) => ({ name, template })),
    )
    .meta({ description })

const fieldName = scalar(
  (text) =>
    /^[\x21-\x7e]{1,256}$/.test(text)
      ? text
      : new Refusal('is no name of a parameter', 'use visible ASCII without spaces'),
  { description: 'Name of a parameter.' },
)
const pointer = scalar(parsePointer, { description: 'JSON pointer, such as /api_key.' })

/** The forms of `inject`, each told by its key. */
const injection = z.union([
  z
    .strictObject({
      header: scalar(parseHeaderName, { description: 'The header that carries the secret.' }),
      format: template('Its value; default {secret}.').prefault('{secret}'),
    })
    .transform((form): Injection => ({ kind: 'header', name: form.header, format: form.format })),
  z
    .strictObject({
      basic: z
        .strictObject({
          username: template('The user, such as {apiKey}.'),
          password: template('Default {secret}.').prefault('{secret}'),
        })
        .meta({ description: 'Authorization: Basic.' }),
    })
    .transform((form): Injection => ({ kind: 'basic', ...form.basic })),
  z
    .strictObject({ bearer: template('Authorization: Bearer.') })
    .transform((form): Injection => ({ kind: 'bearer', token: form.bearer })),
  z
    .strictObject({ query: templates(fieldName, 'Parameters of the query.') })
    .transform((form): Injection => ({ kind: 'query', parameters: form.query })),
  z
    .strictObject({ form: templates(fieldName, 'Fields of a form body.') })
    .transform((form): Injection => ({ kind: 'form', fields: form.form })),
  z
    .strictObject({ json: templates(pointer, 'Members of a JSON body, by pointer.') })
    .transform((form): Injection => ({ kind: 'json', members: form.json })),
  z
    .strictObject({ jwt: jwtKeys })
    .transform((form): Injection => ({ kind: 'signed', signer: { kind: 'jwt', ...form.jwt } })),
  z
    .strictObject({ hmac: hmacKeys })
    .transform((form): Injection => ({ kind: 'signed', signer: { kind: 'hmac', ...form.hmac } })),
  z
    .strictObject({ sigv4: sigv4Keys })
    .transform((form): Injection => ({ kind: 'signed', signer: { kind: 'sigv4', ...form.sigv4 } })),
  z
    .strictObject({ oauth2: oauth2Keys })
    .transform((form): Injection => ({ kind: 'token', oauth2: form.oauth2 })),
  z
    .strictObject({ substitute: substituteKeys })
    .transform((form): Injection => ({ kind: 'substitute', substitution: form.substitute })),
])

const comparable = z.union([z.string(), z.number(), z.boolean()]).transform(String)

const authFailure = z
  .strictObject({
    status: z.int().min(100).max(599).meta({ description: 'The HTTP status of the answer.' }),
    json: scalar(parsePointer, {
      description:
        'Pointer into a JSON body; * stands for every element of an array, and all must match.',
    }).optional(),
    xml: scalar(
      (text) =>
        /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(text)
          ? text
          : new Refusal('is no name of an element', 'write its local name, such as status'),
      { description: 'Local name of an element of an XML body; every such element must match.' },
    ).optional(),
    grpc: z
      .array(z.int().min(1).max(16))
      .min(1)
      .optional()
      .meta({ description: 'Values of grpc-status, such as 16 for UNAUTHENTICATED.' }),
    in: z.array(comparable).min(1).optional().meta({ description: 'It is one of these.' }),
    notIn: z
      .array(comparable)
      .min(1)
      .optional()
      .meta({ description: 'It is none of these, or missing.' }),
  })
  .meta({ description: 'How the upstream says that the credential is wrong.' })

const allow = z
  .array(
    z.strictObject({
      methods: z
        .array(scalar(parseMethod, { description: 'In capitals.' }))
        .min(1)
        .optional()
        .meta({ description: 'Default: all of them.' }),
      paths: z
        .array(
          scalar(parsePathPattern, { description: 'Path of the upstream, without the query.' }),
        )
        .min(1)
        .optional()
        .meta({ description: 'Default: every path. * is one segment, ** any number at the end.' }),
    }),
  )
  .optional()
  .meta({ description: 'What may be sent; without it everything, with an empty list nothing.' })

const common = {
  name: nameOf(
    'Label in metrics, and the path prefix; the credential’s name by default.',
  ).optional(),
  credential: nameOf('The credential that is written into the requests.').optional(),
  credentials: z.array(nameOf('One of them.')).min(1).optional().meta({
    description:
      'Instead of `credential`: several. The caller’s public key, such as its api_key, selects one.',
  }),
  allow,
  maskBody: z.boolean().default(false).meta({
    description:
      'Masks echoes of the secret in bodies of answers too, which are asked for unencoded. Default false.',
  }),
}

const ownListener = scalar(parseListenAddress, {
  description: 'A listener of its own, on which every path is the upstream’s.',
  examples: ['127.0.0.1:8081', 'unix:/run/sidekey/partner.sock'],
})

/** A route that is written out. */
export const explicitRoute = z
  .strictObject({
    ...common,
    match: z
      .strictObject({
        pathPrefix: scalar(parsePathPrefix, {
          description: 'Taken off before forwarding. Default without `match`: / and the name.',
        }).optional(),
        host: z
          .union([
            scalar(parseHost, { description: 'A host name, without port.' }),
            z.array(scalar(parseHost, { description: 'A host name, without port.' })).min(1),
          ])
          .optional(),
      })
      .optional()
      .meta({ description: 'What selects the route: path prefix or host.' }),
    upstream: scalar(parseUpstreamUrl, {
      description: 'Scheme, host and port. The secret is bound to it.',
      examples: ['https://api.partner.example'],
    }),
    listen: ownListener.optional(),
    insecure: z.boolean().default(false).meta({
      description: 'Allows plain http beyond loopback, and private addresses. Default false.',
    }),
    pins: z
      .array(
        scalar(parsePin, {
          description: 'SHA-256 of a public key of the upstream, in base64.',
          examples: ['sha256/4FkgmLWmzVrtVnLm2hYyBxGNfOLhjGqmnTX3K0wpY0A='],
        }),
      )
      .min(1)
      .optional()
      .meta({
        description:
          'Keys that the upstream may have, beside the usual checks. Name the next one before it is in use.',
      }),
    http2: z.boolean().optional().meta({
      description:
        'Default: where the upstream offers it in TLS. false: never; true: also without TLS.',
    }),
    inject: z.union([injection, z.array(injection).min(1)]).meta({
      description: 'Where the credential is written; of a list the caller’s choice is kept.',
    }),
    authFailure: z
      .array(authFailure)
      .optional()
      .meta({ description: 'Default: status 401. An empty list: never.' }),
  })
  .meta({ description: 'A route that is written out.' })

/** A route that expands to all that is known about an API. */
export function presetRoute(names: readonly string[]) {
  return z
    .strictObject({
      ...common,
      preset: z.enum(names).meta({ description: 'A known API.' }),
      listen: z
        .record(z.string(), ownListener)
        .optional()
        .meta({ description: 'Listeners of their own, by the alias of the host.' }),
    })
    .meta({ description: 'Every path family of a known API.' })
}

export type ExplicitRoute = z.output<typeof explicitRoute>
export type AuthFailureKeys = z.output<typeof authFailure>
export type AllowKeys = z.output<typeof allow>
