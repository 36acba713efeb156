import { unreachable } from '../../kernel/errors.ts'
import type { Reply } from './reply.ts'
import type { World } from './world.ts'

/** RFC 7807 as this platform writes it; texts are those of the definitions and of captured answers. */
interface ProblemText {
  readonly status: number
  readonly type: string
  readonly title: string
  readonly detail: string
  readonly invalid_parameters?: readonly { readonly name: string; readonly reason: string }[]
}

const ERRORS = 'https://developer.nexmo.com/api-errors'
const SECRETS = `${ERRORS}/account/secret-management`

const UNAUTHORIZED = {
  incorrect: {
    type: `${ERRORS}#unauthorized`,
    title: 'Unauthorized',
    detail: 'You did not provide correct credentials.',
  },
  'invalid-supplied': {
    type: `${ERRORS}#unauthorized`,
    title: 'Invalid credentials supplied',
    detail: 'You did not provide correct credentials.',
  },
  unathorized: {
    type: 'https://developer.vonage.com/api-errors/#unathorized',
    title: 'You did not provide correct credentials.',
    detail:
      "Check that you're using the correct credentials, and that your account has this feature enabled",
  },
} as const

export function problemReply(world: World, problem: ProblemText): Reply {
  const { status, ...members } = problem
  return {
    status,
    headers: { 'content-type': world.settings.problemType },
    body: JSON.stringify({ ...members, instance: world.random.id() }),
  }
}

export const unauthorized = (world: World): Reply =>
  problemReply(world, { status: 401, ...UNAUTHORIZED[world.settings.unauthorized] })

export const malformedCredentials = (world: World): Reply =>
  problemReply(world, {
    status: 401,
    type: 'https://developer.nexmo.com/',
    title: 'Unauthorized',
    detail: 'Invalid credentials format. Expected: "Authorization: (Base64(UTF-8(apiKey:secret)))"',
  })

/** Newer families write it the way of 2026, whatever the account API does. */
export const unathorized = (world: World): Reply =>
  problemReply(world, { status: 401, ...UNAUTHORIZED.unathorized })

export const multipleAuthMethods = (world: World): Reply =>
  problemReply(world, {
    status: 400,
    type: `${ERRORS}#multiple-auth-methods`,
    title: 'Multiple authentication methods used',
    detail: 'Provide exactly one authentication method',
  })

export const invalidApiKey = (world: World, key: string): Reply =>
  problemReply(world, {
    status: 404,
    type: `${ERRORS}#invalid-api-key`,
    title: 'Invalid API Key',
    detail: `API key '${key}' does not exist, or you do not have access`,
  })

export const invalidId = (world: World, id: string): Reply =>
  problemReply(world, {
    status: 404,
    type: `${ERRORS}#invalid-id`,
    title: 'Invalid ID',
    detail: `ID '${id}' could not be found`,
  })

export const weakSecret = (world: World, reason: string): Reply =>
  problemReply(world, {
    status: 400,
    type: `${SECRETS}#validation`,
    title: 'Bad Request',
    detail: 'The request failed due to secret validation errors',
    invalid_parameters: [{ name: 'secret', reason }],
  })

export const lastSecret = (world: World): Reply =>
  problemReply(world, {
    status: 403,
    type: `${SECRETS}#delete-last-secret`,
    title: 'Secret Deletion Forbidden',
    detail:
      'Can not delete the last secret. The account must always have at least 1 secret active at any time',
  })

/** Three editions of the same refusal are known; a client must understand each. */
export function slotsFull(world: World): Reply {
  const { secretsMax, slotsFull: shape } = world.settings
  switch (shape) {
    case 'add-excess-secret':
      return problemReply(world, {
        status: 403,
        type: `${SECRETS}#add-excess-secret`,
        title: 'Secret Addition Forbidden',
        detail: `Account reached maximum number [${secretsMax}] of allowed secrets`,
      })
    case 'maximum-secrets-allowed':
      return problemReply(world, {
        status: 400,
        type: `${SECRETS}#maximum-secrets-allowed`,
        title: 'Maxmimum number of secrets already met',
        detail: `This account has reached maximum number of '${secretsMax}' allowed secrets`,
      })
    case 'validation':
      return problemReply(world, {
        status: 400,
        type: `${SECRETS}#validation`,
        title: 'Bad Request',
        detail: `This account has reached maximum number of '${secretsMax}' allowed secrets`,
      })
    default:
      return unreachable(shape)
  }
}

export const unprovisioned = (world: World, key: string): Reply =>
  problemReply(world, {
    status: 403,
    type: `${ERRORS}#unprovisioned`,
    title: 'Authorisation error',
    detail: `Account ${key} is not provisioned to access Subaccount Provisioning API`,
  })

export const notFound = (world: World): Reply =>
  problemReply(world, {
    status: 404,
    type: `${ERRORS}#not-found`,
    title: 'Not Found',
    detail: 'The requested resource does not exist',
  })

/** A parameter that is missing or wrong: 422 for subaccounts and Messages, 400 elsewhere. */
export const invalidParameters = (
  world: World,
  status: 400 | 422,
  name: string,
  reason: string,
): Reply =>
  problemReply(world, {
    status,
    type: `${ERRORS}#validation`,
    title: 'Bad Request',
    detail: 'The request failed due to validation errors',
    invalid_parameters: [{ name, reason }],
  })
