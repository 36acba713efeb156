import { Refusal } from '../config/refusal.ts'
import { readSecretSource } from '../config/secret-source.ts'
import { SECRET_FILE_MAX_BYTES } from '../kernel/limits.ts'
import type { RotationCommand } from '../kernel/ports/rotation-control.ts'
import { SecretValue } from '../kernel/secret-value.ts'
import { credentialSchema, expectAnswer } from './admin-answer.ts'
import { showDryRun } from './dry-run.ts'
import { EXIT_OK } from './exit-codes.ts'
import {
  CommandFailure,
  type OperatorCall,
  type OperatorCommand,
  runOperatorCommand,
} from './operator-command.ts'
import type { OperatorIo } from './operator-io.ts'
import { printable } from './printable.ts'

type Kind = RotationCommand['kind']

interface Shape {
  /** What follows the credential. */
  readonly arguments: string
  readonly options: OperatorCommand['options']
  /** How many arguments, the credential included. */
  readonly count: number
  /** The body as JSON text; null for none. */
  readonly body: (call: OperatorCall) => Promise<SecretValue | null> | null
}

const PLAIN: Shape = { arguments: '', options: {}, count: 1, body: () => null }

const SHAPES: Readonly<Record<Kind, Shape>> = {
  rotate: {
    arguments: ' [--emergency [--compromised current|pending|both]] [--dry-run]',
    options: {
      emergency: { type: 'boolean' },
      compromised: { type: 'string' },
      'dry-run': { type: 'boolean' },
    },
    count: 1,
    body: async ({ flag, text }) =>
      jsonBody({ emergency: flag('emergency'), ...leakedOf(text('compromised')) }),
  },
  pause: PLAIN,
  resume: PLAIN,
  abort: PLAIN,
  retry: PLAIN,
  create: PLAIN,
  adopt: {
    arguments: ' SECRET_ID [--secret-file FILE] (else the secret is read from standard input)',
    options: { 'secret-file': { type: 'string' } },
    count: 2,
    body: async (call) => {
      const secret = await readSecret(call)
      return jsonBody({ secretId: call.positionals[1], secret: secret.expose() })
    },
  },
  revoke: {
    arguments: ' SECRET_ID',
    options: {},
    count: 2,
    body: async ({ positionals }) => jsonBody({ secretId: positionals[1] }),
  },
}

/**
 * `sidekey rotate | pause | resume | abort | retry | adopt | revoke CREDENTIAL …`: records an operator's wish; the rotation
 * carries it out, and `sidekey status` shows how far it is. `rotate --dry-run` records nothing and shows what would happen.
 * @returns 0 when it was accepted, 1 (refused, nobody answers, wrong token) or 64 (usage)
 */
export function runCommand(kind: Kind, argv: readonly string[], io: OperatorIo): Promise<number> {
  const shape = SHAPES[kind]
  return runOperatorCommand(argv, io, {
    usage: `sidekey ${kind} CREDENTIAL${shape.arguments} [--json]`,
    options: { ...shape.options, json: { type: 'boolean' } },
    positionals: { min: shape.count, max: shape.count },
    needsToken: true,
    run: (call) => (call.flag('dry-run') ? showDryRun(call) : send(kind, shape, call)),
  })
}

async function send(kind: Kind, shape: Shape, call: OperatorCall): Promise<number> {
  const { client, io, positionals, flag } = call
  const [id = ''] = positionals
  const path = `/api/credentials/${encodeURIComponent(id)}/${kind}`
  const answer = await client.post(path, await shape.body(call))
  const { phase, reason } = expectAnswer(client, answer, credentialSchema)
  const state = reason === null ? phase : `${phase}, ${reason}`
  io.out(flag('json') ? answer.text : printable(`${id}: ${kind} accepted (${state})`))
  return EXIT_OK
}

/** Never an argument: every user of the machine sees those. */
async function readSecret({ io, text }: OperatorCall): Promise<SecretValue> {
  const path = text('secret-file')
  if (path === undefined) return readStdin(io)
  const secret = await readSecretSource({ kind: 'file', path }, {})
  if (!(secret instanceof Refusal)) return secret
  throw new CommandFailure(`--secret-file ${path}: ${secret.message}; ${secret.remedy}`)
}

async function readStdin(io: OperatorIo): Promise<SecretValue> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of io.stdin) {
    const bytes = Buffer.from(chunk)
    length += bytes.length
    if (length > SECRET_FILE_MAX_BYTES) throw new CommandFailure('standard input is too long')
    chunks.push(bytes)
  }
  const text = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
  if (text === '') throw new CommandFailure('standard input is empty: pipe the secret into it')
  return new SecretValue(text)
}

/** The body's words for what leaked; a wrong word is told by the admin API, like any other. */
function leakedOf(text: string | undefined): { readonly compromised?: readonly string[] } {
  if (text === undefined) return {}
  return { compromised: text === 'both' ? ['current', 'pending'] : [text] }
}

function jsonBody(body: object): SecretValue {
  return new SecretValue(JSON.stringify(body))
}
