import { z } from 'zod'
import type { Findings } from './findings.ts'
import { Refusal } from './refusal.ts'
import { hasUserinfo, URL_SECRET } from './upstream-url.ts'
import { isMapping, type Path } from './yaml-document.ts'
import { parsePart } from './zod-issues.ts'

/** The file, section by section; what is missing is null or empty. */
export interface Content {
  readonly log: unknown
  readonly proxy: unknown
  readonly admin: unknown
  readonly store: unknown
  /** In the order of the file. */
  readonly credentials: ReadonlyMap<string, unknown>
  readonly routes: readonly unknown[]
}

/** The sections by name. Each is read by its own schema, so that an error in one hides nothing of the others. */
const outline = z.strictObject({
  version: z.literal(1).nullish(),
  log: z.unknown().optional(),
  proxy: z.unknown().optional(),
  admin: z.unknown().optional(),
  store: z.unknown().optional(),
  credentials: z.looseObject({}).nullish(),
  routes: z.array(z.unknown()).nullish(),
})

/** Checks the outline of the file and what must not stand anywhere in it. */
export function checkContent(content: unknown, findings: Findings): Content {
  checkEverywhere(content, [], findings)
  const root = isMapping(content) ? content : {}
  parsePart(outline, content ?? {}, [], findings)
  const { log = null, proxy = null, admin = null, store = null, credentials, routes } = root
  const listed = Array.isArray(routes) ? routes : []
  if (listed.length === 0) {
    findings.warn(
      ['routes'],
      new Refusal('has no entry, so every request is refused', 'add a route or a preset'),
    )
  }
  return {
    log,
    proxy,
    admin,
    store,
    credentials: new Map(isMapping(credentials) ? Object.entries(credentials) : []),
    routes: listed,
  }
}

function checkEverywhere(content: unknown, path: Path, findings: Findings): void {
  if (typeof content === 'string' && hasUserinfo(content)) findings.error(path, URL_SECRET)
  if (typeof content !== 'object' || content === null) return
  for (const [key, value] of Object.entries(content)) {
    const below = [...path, Array.isArray(content) ? Number(key) : key]
    // zod passes over this key, so it would be the one unknown key that nobody reports.
    if (key === '__proto__') findings.error(below, new Refusal('unknown key', 'remove it'))
    checkEverywhere(value, below, findings)
  }
}
