import type { RestBody, RestCall } from '../rest/rest-client.ts'
import { encodeText, joinText, type Text } from '../rest/secret-text.ts'
import type { BodyTemplates, Placement, TemplateTree } from './call-keys.ts'
import { render, type Template, type Words } from './template.ts'

/** A call of the configuration: what is asked, and how it authenticates itself. */
export interface CallTemplates extends BodyTemplates {
  readonly origin: string
  readonly method: RestCall['method']
  readonly path: Template
  readonly placement: Placement
}

/** The call with its words filled in: `words` in path and body, `credentials` where it authenticates itself. */
export function renderCall(call: CallTemplates, words: Words, credentials: Words): RestCall {
  const { origin, method, placement } = call
  const path = render(call.path, words, encodeText)
  const hasQuery = call.path.some((part) => typeof part === 'string' && part.includes('?'))
  const { headers, basic, query } = placement
  return {
    origin,
    method,
    path: joinText([path, ...renderQuery(query, credentials, hasQuery)]),
    headers: renderAll(headers, credentials),
    basic: basic && {
      username: render(basic.username, credentials),
      password: render(basic.password, credentials),
    },
    body: renderBody(call, words),
  }
}

function renderAll(
  templates: Readonly<Record<string, Template>>,
  words: Words,
): Record<string, Text> {
  const entries = Object.entries(templates)
  return Object.fromEntries(entries.map(([name, one]) => [name, render(one, words)]))
}

function renderQuery(
  query: Readonly<Record<string, Template>>,
  words: Words,
  hasQuery: boolean,
): readonly Text[] {
  return Object.entries(query).flatMap(([name, template], index) => [
    `${index === 0 && !hasQuery ? '?' : '&'}${encodeURIComponent(name)}=`,
    encodeText(render(template, words)),
  ])
}

function renderBody({ json, form }: BodyTemplates, words: Words): RestBody | undefined {
  if (json !== undefined) return { kind: 'json', value: renderTree(json, words) }
  if (form === undefined) return undefined
  return { kind: 'form', fields: Object.entries(renderAll(form, words)) }
}

function renderTree(tree: TemplateTree, words: Words): unknown {
  if ('template' in tree) return render(tree.template, words)
  if ('literal' in tree) return tree.literal
  if ('list' in tree) return tree.list.map((one) => renderTree(one, words))
  const entries = Object.entries(tree.members)
  return Object.fromEntries(entries.map(([name, one]) => [name, renderTree(one, words)]))
}
