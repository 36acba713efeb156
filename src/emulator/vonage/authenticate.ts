import type { Call, Placement } from './call.ts'
import type { EmulatedAccount, EmulatedSecret } from './emulated-account.ts'
import type { LagHost } from './settings.ts'
import { verifySignature } from './verify-signature.ts'
import { verifyToken } from './verify-token.ts'
import type { World } from './world.ts'

interface Presented {
  readonly placement: Placement
  readonly key: string
  readonly value: string
}

/** Who calls, as far as the request shows it. */
export interface Attempt {
  readonly kind: 'accepted' | 'refused' | 'missing' | 'malformed' | 'multiple'
  readonly placement: Placement | null
  readonly key: string | null
  readonly account: EmulatedAccount | null
  /** The secret with the presented value, accepted or not; null for a token or a signature. */
  readonly secret: EmulatedSecret | null
}

const NOBODY = { placement: null, key: null, account: null, secret: null }

/**
 * Finds and checks the credentials of a call. A placement that the family does not understand is as good as absent,
 * except in strict mode, where a second one is an error of its own.
 */
export function authenticate(
  world: World,
  call: Call,
  placements: ReadonlySet<Placement>,
  host: LagHost,
): Attempt {
  const token = placements.has('token') ? byToken(world, call) : null
  if (token !== null) return token
  const signature = placements.has('signature') ? bySignature(world, call) : null
  if (signature !== null) return signature
  const presented = presentedBy(call)
  if (world.settings.strictAuth && presented.length > 1) return { kind: 'multiple', ...NOBODY }
  const chosen = presented.find(({ placement }) => placements.has(placement))
  if (chosen === undefined) {
    const malformed = presented.length === 0 && hasOtherBasic(call)
    return { kind: malformed ? 'malformed' : 'missing', ...NOBODY }
  }
  const { placement, key, value } = chosen
  const account = world.accounts.get(key) ?? null
  const nowMs = world.clock.now()
  const found = account?.identify(value, host, world.settings, nowMs) ?? null
  const accepted = found?.accepted === true && account?.suspended !== true
  if (found !== null && accepted) {
    found.secret.requests += 1
    found.secret.lastUsedAtMs = nowMs
  }
  const secret = found?.secret ?? null
  return { kind: accepted ? 'accepted' : 'refused', placement, key, account, secret }
}

/** Null without a token. */
function byToken(world: World, call: Call): Attempt | null {
  const { applications, clock } = world
  const found = verifyToken(call.headers.authorization ?? '', applications, clock.now())
  if (found === null) return null
  const key = found.application?.account ?? null
  const account = world.accounts.get(key ?? '') ?? null
  const accepted = found.accepted && account?.suspended === false
  return {
    kind: accepted ? 'accepted' : 'refused',
    placement: 'token',
    key,
    account,
    secret: null,
  }
}

/** Null without a signature. A request with both a signature and a secret is signed. */
function bySignature(world: World, call: Call): Attempt | null {
  if (call.param('sig') === undefined) return null
  const key = call.param('api_key') ?? null
  const account = world.accounts.get(key ?? '') ?? null
  const signature = world.signatures.get(key ?? '')
  const accepted =
    signature !== undefined &&
    account?.suspended === false &&
    verifySignature(call, signature, world.clock.now())
  const kind = accepted ? 'accepted' : 'refused'
  return { kind, placement: 'signature', key, account, secret: null }
}

/** Every credential in the call, Basic first. */
function presentedBy(call: Call): readonly Presented[] {
  const found: Presented[] = []
  const basic = basicPair(call.headers.authorization)
  if (basic !== null) found.push({ placement: 'basic', ...basic })
  const query = pair(call.query.get('api_key'), call.query.get('api_secret'))
  if (query !== null) found.push({ placement: 'query', ...query })
  if (call.body.length === 0) return found
  const form = pair(call.form.get('api_key'), call.form.get('api_secret'))
  if (form !== null) found.push({ placement: 'form', ...form })
  const { api_key: jsonKey, api_secret: jsonSecret } = call.json
  const json = pair(jsonKey, jsonSecret)
  if (json !== null) found.push({ placement: 'json', ...json })
  return found
}

function pair(key: unknown, value: unknown): { key: string; value: string } | null {
  return typeof key === 'string' && typeof value === 'string' ? { key, value } : null
}

function basicPair(header: string | undefined): { key: string; value: string } | null {
  const encoded = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return null
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 1 ? null : { key: text.slice(0, colon), value: text.slice(colon + 1) }
}

function hasOtherBasic(call: Call): boolean {
  return /^basic\b/i.test(call.headers.authorization ?? '')
}
