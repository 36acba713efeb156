import type { FoundOperation, RestService } from '../../src/emulator/rest/start-rest-emulator.ts'
import type { Call } from '../../src/emulator/vonage/call.ts'
import { emptyReply, jsonReply, type Reply } from '../../src/emulator/vonage/reply.ts'

const KEYS_MAX = 2

interface Key {
  readonly id: string
  readonly value: string
}

/** An API of keys as mail services have it: the value is chosen here and shown once; a management token manages. */
export class KeyService implements RestService {
  readonly #managementToken: string
  #keys: readonly Key[]
  #made = 1

  constructor(first: string, managementToken: string) {
    this.#managementToken = managementToken
    this.#keys = [{ id: 'key-1', value: first }]
  }

  find(call: Call): FoundOperation | null {
    const id = /^\/v3\/api_keys\/([^/]+)$/.exec(call.path)?.[1] ?? ''
    switch (`${call.method} ${id === '' ? call.path : 'one'}`) {
      case 'GET /v3/api_keys':
        return this.#managed('keys.list', call, () => this.#list())
      case 'POST /v3/api_keys':
        return this.#managed('keys.create', call, () => this.#create())
      case 'DELETE one':
        return this.#managed('keys.revoke', call, () => this.#revoke(decodeURIComponent(id)))
      case 'GET /v3/scopes':
        return { operation: 'scopes.get', perform: () => this.#scopes(call) }
      default:
        return null
    }
  }

  refuse(status: number): Reply {
    return jsonReply(status, { errors: [{ field: null, message: `status ${status}` }] })
  }

  state(): unknown {
    return { keys: this.#keys.map(({ id }) => id) }
  }

  #managed(operation: string, call: Call, act: () => Reply): FoundOperation {
    const mayManage = call.headers.authorization === `Bearer ${this.#managementToken}`
    return { operation, perform: () => (mayManage ? act() : this.refuse(401)) }
  }

  #list(): Reply {
    return jsonReply(200, { result: this.#keys.map(({ id }) => ({ api_key_id: id, name: id })) })
  }

  #create(): Reply {
    if (this.#keys.length >= KEYS_MAX) {
      return jsonReply(403, {
        errors: [{ field: null, message: 'maximum number of keys reached' }],
      })
    }
    const key = { id: `key-${++this.#made}`, value: `SG.planted.${this.#made}` }
    this.#keys = [...this.#keys, key]
    return jsonReply(201, { api_key: key.value, api_key_id: key.id, name: key.id })
  }

  #revoke(id: string): Reply {
    const left = this.#keys.filter((key) => key.id !== id)
    if (left.length === this.#keys.length) return this.refuse(404)
    this.#keys = left
    return emptyReply(204)
  }

  #scopes(call: Call): Reply {
    const known = this.#keys.some(({ value }) => call.headers.authorization === `Bearer ${value}`)
    return known ? jsonReply(200, { scopes: ['mail.send'] }) : this.refuse(401)
  }
}
