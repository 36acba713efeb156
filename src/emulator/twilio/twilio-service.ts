import type { Clock } from '../../kernel/ports/clock.ts'
import type { Random } from '../../kernel/ports/random.ts'
import type { FoundOperation, RestService } from '../rest/start-rest-emulator.ts'
import type { Call } from '../vonage/call.ts'
import { emptyReply, jsonReply, type Reply } from '../vonage/reply.ts'

const URL = 'https://accounts.twilio.com/v1/AuthTokens'

/** The API's own error codes. */
const CODES: Readonly<Record<number, readonly [code: number, message: string]>> = {
  400: [70002, 'Secondary Auth Token already exists'],
  401: [20003, 'Authenticate'],
  403: [20006, 'Access to this resource is denied'],
  404: [20404, 'The requested resource was not found'],
  429: [20429, 'Too Many Requests'],
}

interface TwilioAccount {
  readonly account: string
  readonly token: string
  readonly clock: Clock
  readonly random: Random
}

/** One account with a primary auth token and at most one secondary. Nothing lists them. */
export class TwilioService implements RestService {
  readonly #account: string
  readonly #clock: Clock
  readonly #random: Random
  #primary: string
  #secondary: string | null = null

  constructor({ account, token, clock, random }: TwilioAccount) {
    this.#account = account
    this.#primary = token
    this.#clock = clock
    this.#random = random
  }

  find(call: Call): FoundOperation | null {
    const tokens: Readonly<Record<string, readonly [string, (value: string) => Reply]>> = {
      'POST /v1/AuthTokens/Secondary': ['tokens.create', () => this.#create()],
      'DELETE /v1/AuthTokens/Secondary': ['tokens.revoke', () => this.#revoke()],
      'POST /v1/AuthTokens/Promote': ['tokens.promote', (value) => this.#promote(value)],
      [`GET /2010-04-01/Accounts/${this.#account}.json`]: ['account.get', () => this.#get()],
    }
    const found = tokens[`${call.method} ${call.path}`]
    if (found === undefined) return null
    const [operation, act] = found
    return { operation, perform: () => this.#authenticated(call, act) }
  }

  refuse(status: number): Reply {
    const [code, message] = CODES[status] ?? [20500, 'Internal Server Error']
    const more_info = `https://www.twilio.com/docs/errors/${code}`
    return jsonReply(status, { code, message, more_info, status })
  }

  state(): unknown {
    return { account: this.#account, hasSecondary: this.#secondary !== null }
  }

  #authenticated(call: Call, act: (value: string) => Reply): Reply {
    const encoded = /^basic +(\S+)/i.exec(call.headers.authorization ?? '')?.[1] ?? ''
    const pair = Buffer.from(encoded, 'base64').toString('utf8')
    const value = pair.slice(pair.indexOf(':') + 1)
    const isKnown = value === this.#primary || value === this.#secondary
    return isKnown && pair === `${this.#account}:${value}` ? act(value) : this.refuse(401)
  }

  #create(): Reply {
    if (this.#secondary !== null) return this.refuse(400)
    this.#secondary = this.#random.id()
    return jsonReply(201, {
      ...this.#described('Secondary'),
      secondary_auth_token: this.#secondary,
    })
  }

  #revoke(): Reply {
    if (this.#secondary === null) return this.refuse(404)
    this.#secondary = null
    return emptyReply(204)
  }

  /** Authenticated with the token that is promoted; the old primary is refused from now on. */
  #promote(value: string): Reply {
    if (this.#secondary === null) return this.refuse(404)
    if (value !== this.#secondary) return this.refuse(403)
    this.#primary = this.#secondary
    this.#secondary = null
    return jsonReply(200, { ...this.#described('Promote'), auth_token: this.#primary })
  }

  /** The real resource shows the primary token too. */
  #get(): Reply {
    return jsonReply(200, { sid: this.#account, status: 'active', auth_token: this.#primary })
  }

  #described(path: string): object {
    const nowText = new Date(this.#clock.now()).toISOString()
    return {
      account_sid: this.#account,
      date_created: nowText,
      date_updated: nowText,
      url: `${URL}/${path}`,
    }
  }
}
