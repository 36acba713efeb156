import { DETECT_BODY_MAX_BYTES } from '../kernel/limits.ts'
import type { AuthFailureRule } from '../kernel/route.ts'
import { decodeBody } from './decode-body.ts'
import type { Attempt } from './attempt.ts'
import { jsonValues, type PointerStep, parsePointer } from './json-values.ts'
import { xmlValues } from './xml-values.ts'

/** `mixed`: some results say that the credential is wrong, others were processed. */
export type Verdict = 'accepted' | 'refused' | 'mixed'

/** An endpoint's rules by status, made ready. */
export interface Detector {
  readonly byStatus: ReadonlyMap<number, StatusRules>
}

/** What answers with one status are looked at for. */
export interface StatusRules {
  /** The status alone decides. */
  readonly always: boolean
  /** Values of `grpc-status`; null: it is not looked at. */
  readonly grpc: ReadonlySet<string> | null
  readonly rules: readonly BodyRule[]
}

interface BodyRule {
  readonly format: 'json' | 'xml'
  readonly values: (body: Body) => readonly (string | null)[]
  readonly matches: (value: string | null) => boolean
  /** Whether a body of another format, or of none, counts as one that lacks the value. */
  readonly matchesAbsence: boolean
}

interface Body {
  readonly text: string
  /** Undefined when it is not JSON. */
  readonly json: unknown
}

/** Null when there are no rules: no answer is looked at. */
export function compileDetector(rules: readonly AuthFailureRule[]): Detector | null {
  if (rules.length === 0) return null
  const byStatus = new Map<number, StatusRules>()
  for (const status of new Set(rules.map((rule) => rule.status))) {
    const same = rules.filter((rule) => rule.status === status)
    const always = same.some(
      ({ json, xml, grpc }) => json === undefined && xml === undefined && grpc === undefined,
    )
    const codes = same.flatMap(({ grpc = [] }) => grpc.map(String))
    const grpc = codes.length === 0 ? null : new Set(codes)
    byStatus.set(status, { always, grpc, rules: same.flatMap(compileBodyRules) })
  }
  return { byStatus }
}

/** The rules for an answer with this status; null: it is no auth failure, whatever it says. */
export function rulesFor(detector: Detector | null, { status }: Attempt): StatusRules | null {
  return detector?.byStatus.get(status) ?? null
}

/**
 * Whether an answer says that the credential is wrong. Waits for the body only where a rule of this status looks into
 * it, and takes no byte away from the client.
 */
export async function detectAuthFailure(rules: StatusRules, attempt: Attempt): Promise<Verdict> {
  if (rules.always) return 'refused'
  // In the head only where the call has ended with it.
  if (rules.grpc?.has(fieldOf(attempt.fields, 'grpc-status')) === true) return 'refused'
  const type = fieldOf(attempt.fields, 'content-type').toLowerCase()
  if (isStream(type)) return 'accepted'
  const suited = rules.rules.filter((rule) => type === '' || type.includes(rule.format))
  if (rules.rules.some((rule) => rule.matchesAbsence && !suited.includes(rule))) return 'refused'
  if (suited.length === 0) return 'accepted'
  const bytes = await attempt.peek(DETECT_BODY_MAX_BYTES)
  if (bytes === null || bytes.length > DETECT_BODY_MAX_BYTES) return 'accepted'
  const decoded = decodeBody(bytes, fieldOf(attempt.fields, 'content-encoding'))
  return decoded === null ? 'accepted' : judge(suited, decoded)
}

/** Whether an answer goes on and on: there is no whole body to wait for, and none that a rule could mean. */
function isStream(contentType: string): boolean {
  const [type = ''] = contentType.split(';')
  return STREAMS.has(type.trim())
}

const STREAMS: ReadonlySet<string> = new Set([
  'text/event-stream',
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/json-seq',
  'application/stream+json',
])

function judge(rules: readonly BodyRule[], bytes: Buffer): Verdict {
  const text = bytes.toString('utf8')
  const body: Body = { text, json: parseOrUndefined(text) }
  let verdict: Verdict = 'accepted'
  for (const rule of rules) {
    const values = rule.values(body)
    const matched = values.filter((value) => rule.matches(value)).length
    if (matched > 0 && matched === values.length) return 'refused'
    if (matched > 0) verdict = 'mixed'
  }
  return verdict
}

function compileBodyRules(rule: AuthFailureRule): readonly BodyRule[] {
  const matches = matcher(rule)
  const matchesAbsence = matches(null)
  const compiled: BodyRule[] = []
  if (rule.json !== undefined) {
    const pointer: readonly PointerStep[] = parsePointer(rule.json)
    const values = (body: Body) => jsonValues(body.json, pointer)
    compiled.push({ format: 'json', values, matches, matchesAbsence })
  }
  if (rule.xml !== undefined) {
    const name = rule.xml
    const values = (body: Body) => xmlValues(body.text, name)
    compiled.push({
      format: 'xml',
      values,
      matches,
      matchesAbsence: matchesAbsence && rule.json === undefined,
    })
  }
  return compiled
}

function matcher(rule: AuthFailureRule): (value: string | null) => boolean {
  const { in: listed, notIn: excepted } = rule
  if (listed !== undefined) {
    const values = new Set(listed)
    return (value) => value !== null && values.has(value)
  }
  if (excepted !== undefined) {
    const values = new Set(excepted)
    return (value) => value === null || !values.has(value)
  }
  // Neither: the value is there, whatever it is.
  return (value) => value !== null
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fieldOf(fields: readonly string[], wanted: string): string {
  const at = fields.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === wanted)
  return at < 0 ? '' : (fields[at + 1] ?? '')
}
