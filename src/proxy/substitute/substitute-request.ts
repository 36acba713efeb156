import { RefusedError } from '../../kernel/errors.ts'
import type { LiveVersion } from '../../kernel/credential.ts'
import type { Substitution, SurfaceKind } from '../../kernel/substitution.ts'
import type { RequestHead } from '../read-head.ts'
import { replaceInFields } from './in-fields.ts'
import { replaceInJson } from './in-json.ts'
import { replaceInParameters, replaceInPath } from './in-parameters.ts'
import { Marker, type Replaced } from './marker.ts'

/** The parts of a request in which placeholders may stand. */
export interface PlaceholderRequest {
  readonly head: Pick<RequestHead, 'contentType' | 'contentEncoding'>
  readonly path: string
  readonly query: string | null
  /** Only those that go upstream. */
  readonly fields: readonly string[]
  /** The whole body, where the route looks into bodies; null where there is none, or where it passes. */
  readonly body: Buffer | null
  /** What follows the body; never replaced. */
  readonly trailers: readonly string[]
}

/** The same parts with one secret version in them. */
export interface SubstitutedRequest {
  /** To be vetted again: the secret is part of it. */
  readonly path: string
  readonly query: string | null
  readonly fields: string[]
  readonly body: Buffer | null
}

/**
 * Puts the words of one version in place of the placeholders that a request holds; every other byte stays.
 * @throws RefusedError `placeholder-unresolved` for one that is unknown or stands in a place that is not declared, and for
 *   a request that has none of the secret; `body-not-injectable` for a body that can't be looked into
 */
export function substitutePlaceholders(
  request: PlaceholderRequest,
  substitution: Substitution,
  version: LiveVersion,
  publicValues: Readonly<Record<string, string>>,
): SubstitutedRequest {
  const words = new Map(Object.entries(publicValues).map(([name, text]) => [name, bytesOf(text)]))
  words.set('secret', bytesOf(version.value.expose()))
  const marker = new Marker(substitution, words)
  const declared = (kind: SurfaceKind) => declares(substitution, kind)
  const path = declaredIn(request.path, marker, substitution, 'path', replaceInPath)
  const query = replaceInParameters(request.query ?? '', marker, declared('query'))
  const fields = replaceInFields(request.fields, marker, declared('header'))
  const body = replaceInBody(request, marker, substitution)
  for (const text of request.trailers) marker.refuseIn(text)
  if (path.secrets + query.secrets + fields.secrets + body.secrets === 0) {
    throw new RefusedError('placeholder-unresolved', 'the request has no placeholder of the secret')
  }
  return {
    path: path.text,
    query: request.query === null ? null : query.text,
    fields: fields.fields,
    body: body.body,
  }
}

function declaredIn(
  text: string,
  marker: Marker,
  { surfaces }: Substitution,
  kind: SurfaceKind,
  replace: (text: string, marker: Marker) => Replaced,
): Replaced {
  if (surfaces.some((surface) => surface.kind === kind)) return replace(text, marker)
  marker.refuseIn(text)
  return { text, secrets: 0 }
}

/** Whether the route looks into the part of this name; a surface without a name means all of them. */
function declares(substitution: Substitution, kind: SurfaceKind): (name: string) => boolean {
  const names = declaredNames(substitution, kind)
  return (name) => names === null || names.has(name)
}

/** Null: all of them. */
function declaredNames({ surfaces }: Substitution, kind: SurfaceKind): ReadonlySet<string> | null {
  const same = surfaces.filter((surface) => surface.kind === kind)
  const names = same.flatMap(({ name }) => name ?? [])
  return names.length < same.length ? null : new Set(names)
}

interface ReplacedBody {
  readonly body: Buffer | null
  readonly secrets: number
}

function replaceInBody(
  { head, body }: PlaceholderRequest,
  marker: Marker,
  substitution: Substitution,
): ReplacedBody {
  if (body === null) return { body, secrets: 0 }
  if (head.contentEncoding !== '') {
    throw new RefusedError('body-not-injectable', 'placeholders can not be found in this body')
  }
  const kind = kindOf(head.contentType)
  if (kind === null || substitution.surfaces.every((surface) => surface.kind !== kind)) {
    marker.refuseIn(body)
    return { body, secrets: 0 }
  }
  const given = body.toString('latin1')
  const { text, secrets } =
    kind === 'form'
      ? replaceInParameters(given, marker, declares(substitution, kind))
      : replaceInJson(given, marker, declaredNames(substitution, kind))
  return { body: marker.isIn(body) ? Buffer.from(text, 'latin1') : body, secrets }
}

function kindOf(contentType: string): 'form' | 'json' | null {
  if (contentType === 'application/x-www-form-urlencoded') return 'form'
  return contentType === 'application/json' || contentType.endsWith('+json') ? 'json' : null
}

/** One character per byte of UTF-8. */
function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
