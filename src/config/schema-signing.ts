import { z } from 'zod'
import type { OAuth2Spec } from '../kernel/ports/token-source.ts'
import type { HmacSpec, JwtSpec, SigV4Spec } from '../kernel/signing.ts'
import { isLoopback } from './listen-address.ts'
import { Refusal, scalar } from './refusal.ts'
import { parseHeaderName, parseTemplate } from './route-words.ts'
import { DAY_MS, parseDuration } from './units.ts'
import { hasUserinfo, URL_SECRET } from './upstream-url.ts'

const hashName = z.enum(['sha1', 'sha256', 'sha384', 'sha512', 'md5']).default('sha256')
const hashOutput = z.enum(['hex', 'base64', 'base64url']).default('hex')

/** What stands behind `hmac:`. */
export const hmacKeys = z
  .strictObject({
    algorithm: hashName.meta({ description: 'Default sha256; md5 for old APIs only.' }),
    key: z.enum(['utf8', 'base64', 'hex']).default('utf8').meta({
      description: 'How the secret is read as a key. Default utf8: its text.',
    }),
    output: hashOutput.meta({ description: 'How the signature is written. Default hex.' }),
    timestamp: z.enum(['seconds', 'milliseconds', 'iso']).default('seconds').meta({
      description: 'What {timestamp} is. Default seconds since the epoch.',
    }),
    bodyHash: z
      .strictObject({ algorithm: hashName, output: hashOutput })
      .prefault({})
      .meta({ description: 'What {bodyHash} is. Default sha256 in hex.' }),
    sign: scalar(parseSignedText, {
      description:
        'What is signed, over {method}, {host}, {path}, {query}, {target}, {timestamp}, {nonce}, {body}, {bodyHash} and the public words.',
      examples: ['{timestamp}.{body}'],
    }),
    headers: z
      .record(
        scalar(parseHeaderName, { description: 'Name of a header.' }),
        scalar(parseTemplate, {
          description: 'Its value, over {signature} and the words of `sign` except {body}.',
          examples: ['sha256={signature}', '{timestamp}'],
        }),
      )
      .meta({ description: 'The headers that carry the signature and what belongs to it.' }),
  })
  .transform(({ headers, ...keys }): HmacSpec => ({
    ...keys,
    headers: Object.entries(headers).map(([name, template]) => ({ name, template })),
  }))
  .meta({ description: 'A signature by HMAC, described by a template.' })

const LIFETIME_MIN_MS = 30_000

/** What stands behind `jwt:`. */
export const jwtKeys = z
  .strictObject({
    algorithm: z.enum(['RS256', 'ES256']).default('RS256').meta({
      description: 'The secret is a private key for it, in PEM. Default RS256.',
    }),
    lifetime: scalar(parseLifetime, {
      description: 'For how long a token is good. 30s to 1d; default 15m.',
    }).prefault('15m'),
    claims: z
      .record(
        z.string().min(1),
        scalar(parseTemplate, { description: 'Text, or a public word.', examples: ['{clientId}'] }),
      )
      .default({})
      .refine((claims) => ['iat', 'exp', 'nbf', 'jti'].every((name) => !(name in claims)), {
        message: new Refusal(
          'names a claim that is Sidekey’s own',
          'leave out iat, exp, nbf and jti',
        ).toString(),
      })
      .meta({ description: 'Claims of every token; the caller’s own other claims are kept.' }),
  })
  .transform(({ algorithm, lifetime, claims }): JwtSpec => ({
    algorithm,
    lifetimeMs: lifetime,
    claims: Object.entries(claims).map(([name, template]) => ({ name, template })),
  }))
  .meta({
    description: 'A JSON Web Token as a bearer, signed with the private key that the secret is.',
  })

const awsWord = (description: string, example: string) =>
  scalar(
    (text) =>
      /^[a-z0-9-]{1,63}$/.test(text)
        ? text
        : new Refusal('is no such name of AWS', `write lower-case words such as ${example}`),
    { description, examples: [example] },
  )

/** What stands behind `sigv4:`. */
export const sigv4Keys = z
  .strictObject({
    region: awsWord('Such as eu-central-1.', 'eu-central-1'),
    service: awsWord('The signing name, such as execute-api or s3.', 'execute-api'),
    accessKeyId: scalar(parseTemplate, {
      description:
        'The public part of the key, or a word of the credential. Default: the secret is ID:SECRET or ID:SECRET:SESSION-TOKEN.',
      examples: ['AKIAIOSFODNN7EXAMPLE', '{accessKeyId}'],
    }).optional(),
    payload: z.enum(['signed', 'unsigned']).default('signed').meta({
      description: 'unsigned: bodies are streamed, and the signature does not cover them.',
    }),
  })
  .transform(({ accessKeyId = null, ...keys }): SigV4Spec => ({ ...keys, accessKeyId }))
  .meta({ description: 'AWS Signature Version 4.' })

const words = (description: string) =>
  z
    .union([z.string(), z.array(z.string()).min(1)])
    .optional()
    .meta({ description })

/** What stands behind `oauth2:`. */
export const oauth2Keys = z
  .strictObject({
    tokenUrl: scalar(parseTokenUrl, {
      description: 'The token endpoint.',
      examples: ['https://login.partner.example/oauth2/token'],
    }),
    clientId: scalar(parseTemplate, {
      description: 'Public. Default {clientId}.',
    }).prefault('{clientId}'),
    clientAuth: z.enum(['basic', 'post']).default('basic').meta({
      description: 'Where the endpoint takes the client secret: a Basic header, or the form.',
    }),
    scope: words('One, or a list of them.'),
    audience: z.string().optional().meta({ description: 'Some servers ask for it.' }),
    resource: words('RFC 8707; one, or a list of them.'),
    parameters: z
      .record(z.string(), z.string())
      .default({})
      .meta({ description: 'Further fields of the token request.' }),
    lifetime: scalar(parseDuration, {
      description: 'Of a token where the server does not say. Default 5m.',
    }).prefault('5m'),
  })
  .transform(({ tokenUrl, clientId, clientAuth, lifetime, ...asked }): OAuth2Spec => {
    const scopes = [asked.scope ?? []].flat()
    return {
      tokenUrl,
      clientId,
      clientAuth,
      lifetimeMs: lifetime,
      parameters: [
        ...(scopes.length === 0 ? [] : [{ name: 'scope', value: scopes.join(' ') }]),
        ...[asked.audience ?? []].flat().map((value) => ({ name: 'audience', value })),
        ...[asked.resource ?? []].flat().map((value) => ({ name: 'resource', value })),
        ...Object.entries(asked.parameters).map(([name, value]) => ({ name, value })),
      ],
    }
  })
  .meta({ description: 'A token by the client credentials grant of OAuth 2.0, as a bearer.' })

function parseLifetime(text: string): number | Refusal {
  const ms = parseDuration(text)
  if (ms instanceof Refusal || (ms >= LIFETIME_MIN_MS && ms <= DAY_MS)) return ms
  return new Refusal('is no lifetime of a token', 'write 30s to 1d')
}

/** A template that may have lines. */
function parseSignedText(text: string): string | Refusal {
  const parsed = parseTemplate(text.replaceAll('\n', ''))
  return parsed instanceof Refusal ? parsed : text
}

function parseTokenUrl(text: string): string | Refusal {
  if (hasUserinfo(text)) return URL_SECRET
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.hash !== '' || url.hostname === '') {
    return new Refusal('is no URL', 'write https, host and path, without a fragment')
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) {
    return new Refusal('would send the secret unencrypted to another host', 'use https')
  }
  return url.href
}
