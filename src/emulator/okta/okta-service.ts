import type { Random } from '../../kernel/ports/random.ts'
import type { FoundOperation, RestService } from '../rest/start-rest-emulator.ts'
import type { Call } from '../vonage/call.ts'
import { emptyReply, jsonReply, type Reply } from '../vonage/reply.ts'
import type { OktaApp, OktaSecret } from './okta-app.ts'
import type { OktaTokens } from './okta-tokens.ts'

/** Codes and texts of the management API. */
const ERRORS = {
  400: ['E0000001', 'Api validation failed'],
  401: ['E0000011', 'Invalid token provided'],
  403: ['E0000006', 'You do not have permission to perform the requested action'],
  404: ['E0000007', 'Not found: Resource not found'],
  429: ['E0000047', 'API call exceeded rate limit due to too many requests.'],
} as const

interface OktaIdentity {
  readonly appId: string
  readonly clientId: string
  readonly managementToken: string
  readonly random: Random
}

/**
 * The APIs of an app: the management of its secrets, its authorization server (the introspection that probes ask, and
 * the token endpoint), and a resource below `/resource/` that its tokens open.
 */
export class OktaService implements RestService {
  readonly #app: OktaApp
  readonly #tokens: OktaTokens
  readonly #identity: OktaIdentity

  constructor(app: OktaApp, tokens: OktaTokens, identity: OktaIdentity) {
    this.#app = app
    this.#tokens = tokens
    this.#identity = identity
  }

  find(call: Call): FoundOperation | null {
    if (call.method === 'POST' && /^\/oauth2(\/[^/]+)?\/v1\/introspect$/.test(call.path)) {
      return { operation: 'introspect', perform: () => this.#introspect(call) }
    }
    if (call.method === 'POST' && /^\/oauth2(\/[^/]+)?\/v1\/token$/.test(call.path)) {
      return { operation: 'token', perform: () => this.#issueToken(call) }
    }
    if (call.path.startsWith('/resource/')) {
      return { operation: 'resource', perform: () => this.#openResource(call) }
    }
    const found =
      /^\/api\/v1\/apps\/([^/]+)\/credentials\/secrets(?:\/([^/]+))?(\/lifecycle\/\w+)?$/
    const [, appId, id, lifecycle = ''] = found.exec(call.path) ?? []
    if (appId === undefined) return null
    const verb = OPERATIONS[`${call.method} ${id === undefined ? '' : 'one'}${lifecycle}`]
    if (verb === undefined) return null
    return {
      operation: `secrets.${verb}`,
      perform: () => this.#manage(call, appId, verb, id ?? ''),
    }
  }

  refuse(status: number): Reply {
    return this.#error(status)
  }

  state(): unknown {
    return {
      secrets: this.#app.secrets.map(({ id, created, status }) => ({ id, created, status })),
    }
  }

  #manage(call: Call, appId: string, verb: Verb, id: string): Reply {
    if (call.headers.authorization !== `SSWS ${this.#identity.managementToken}`) {
      return this.#error(401)
    }
    if (decodeURIComponent(appId) !== this.#identity.appId) {
      return this.#error(404, `Not found: Resource not found: ${appId} (AppInstance)`)
    }
    if (verb === 'list') return jsonReply(200, this.#app.secrets.map(withLinks))
    if (verb === 'create') return this.#create(call)
    const secret = this.#app.find(decodeURIComponent(id))
    if (secret === undefined) {
      return this.#error(404, `Not found: Resource not found: ${id} (OAuth2ClientSecret)`)
    }
    return this.#change(verb, secret)
  }

  #create(call: Call): Reply {
    const given = call.json['client_secret']
    const made = this.#app.create(typeof given === 'string' ? given : undefined)
    if (made === 'slots-full') {
      const cause = "You've reached the maximum number of client secrets per client."
      return this.#error(400, `Api validation failed: ${cause}`, cause)
    }
    if (made === 'invalid-value') {
      return this.#error(400, 'Api validation failed: client_secret', 'client_secret: is not valid')
    }
    return jsonReply(201, withLinks(made))
  }

  #change(verb: Exclude<Verb, 'list' | 'create'>, { id }: OktaSecret): Reply {
    const shown = () => jsonReply(200, withLinks(this.#app.find(id)))
    switch (verb) {
      case 'get':
        return shown()
      case 'activate':
        this.#app.activate(id)
        return shown()
      case 'deactivate':
        if (this.#app.deactivate(id)) return shown()
        return this.#error(400, 'Api validation failed', 'The only active secret stays active.')
      case 'revoke':
        if (this.#app.delete(id)) return emptyReply(204)
        return this.#error(400, 'Api validation failed', 'An active secret is not deleted.')
    }
  }

  /** RFC 7662: the client authenticates by Basic or in the form; a token that nobody knows is not active. */
  #introspect(call: Call): Reply {
    if (this.#authenticates(call)) return jsonReply(200, { active: false })
    const errorSummary = "Invalid value for 'client_id' parameter or client credentials."
    return jsonReply(401, { errorCode: 'invalid_client', errorSummary, errorId: this.#errorId() })
  }

  /** RFC 6749, section 4.4: the client credentials grant. */
  #issueToken(call: Call): Reply {
    const oauthError = (status: number, error: string) => jsonReply(status, { error })
    if (!this.#authenticates(call)) return oauthError(401, 'invalid_client')
    if (call.form.get('grant_type') !== 'client_credentials') {
      return oauthError(400, 'unsupported_grant_type')
    }
    const scope = call.form.get('scope')
    if (scope === null || scope === '') return oauthError(400, 'invalid_scope')
    return jsonReply(200, {
      token_type: 'Bearer',
      expires_in: this.#tokens.lifetimeMs / 1_000,
      access_token: this.#tokens.issue(),
      scope,
    })
  }

  #openResource(call: Call): Reply {
    const token = /^bearer +(\S+)$/i.exec(call.headers.authorization ?? '')?.[1] ?? ''
    if (this.#tokens.isLive(token)) return jsonReply(200, { path: call.path })
    const reply = jsonReply(401, { error: 'invalid_token' })
    return { ...reply, headers: { ...reply.headers, 'www-authenticate': 'Bearer' } }
  }

  #authenticates(call: Call): boolean {
    const [user, password] = basicOf(call)
    const clientId = user ?? call.form.get('client_id')
    const value = password ?? call.form.get('client_secret') ?? ''
    return clientId === this.#identity.clientId && this.#app.authenticates(value)
  }

  #error(status: number, errorSummary?: string, cause?: string): Reply {
    const known = Object.entries(ERRORS).find(([one]) => Number(one) === status)?.[1]
    const [errorCode, text] = known ?? ['E0000009', 'Internal Server Error']
    return jsonReply(status, {
      errorCode,
      errorSummary: errorSummary ?? text,
      errorLink: errorCode,
      errorId: this.#errorId(),
      errorCauses: cause === undefined ? [] : [{ errorSummary: cause }],
    })
  }

  #errorId(): string {
    return `oae${this.#identity.random.id().slice(0, 20)}`
  }
}

type Verb = 'list' | 'create' | 'get' | 'revoke' | 'activate' | 'deactivate'

const OPERATIONS: Readonly<Record<string, Verb>> = {
  'GET ': 'list',
  'POST ': 'create',
  'GET one': 'get',
  'DELETE one': 'revoke',
  'POST one/lifecycle/activate': 'activate',
  'POST one/lifecycle/deactivate': 'deactivate',
}

function withLinks(secret: OktaSecret | undefined): unknown {
  return { ...secret, _links: {} }
}

function basicOf(call: Call): readonly (string | undefined)[] {
  const encoded = /^basic +(\S+)/i.exec(call.headers.authorization ?? '')?.[1]
  if (encoded === undefined) return []
  const [, user, password] = /^([^:]*):(.*)$/s.exec(
    Buffer.from(encoded, 'base64').toString('utf8'),
  ) ?? ['', '', '']
  return [user, password]
}
