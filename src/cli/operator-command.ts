import { type ParseArgsConfig, parseArgs } from 'node:util'
import { Refusal } from '../config/refusal.ts'
import { readSecretSource } from '../config/secret-source.ts'
import type { SecretValue } from '../kernel/secret-value.ts'
import { AdminClient, AdminUnreachableError } from './admin-client.ts'
import { EXIT_FAILED, EXIT_USAGE } from './exit-codes.ts'
import type { OperatorIo } from './operator-io.ts'
import { printable } from './printable.ts'

const DEFAULT_ADMIN = 'http://127.0.0.1:9901'

/** Something that a command can't do; the message says what and the remedy, and holds no value. */
export class CommandFailure extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number = EXIT_FAILED) {
    super(message)
    this.exitCode = exitCode
  }
}

/** A command line that was read, and the port to ask. */
export interface OperatorCall {
  readonly client: AdminClient
  readonly io: OperatorIo
  readonly positionals: readonly string[]
  readonly text: (option: string) => string | undefined
  readonly flag: (option: string) => boolean
}

export interface OperatorCommand {
  /** `sidekey rotate CREDENTIAL [--emergency]`; the options that all share are added to it. */
  readonly usage: string
  readonly options: NonNullable<ParseArgsConfig['options']>
  readonly positionals: { readonly min: number; readonly max: number }
  /** Health needs no token, so a token file that is not there must not fail it. */
  readonly needsToken: boolean
  /** @returns the exit code */
  readonly run: (call: OperatorCall) => Promise<number>
}

/**
 * Reads the command line of a command that talks to a running Sidekey, runs it, and prints what went wrong with its remedy.
 * @returns the command's exit code; 1 when nobody answers, 64 for a wrong command line
 */
export async function runOperatorCommand(
  argv: readonly string[],
  io: OperatorIo,
  command: OperatorCommand,
): Promise<number> {
  try {
    return await command.run(await readCall(argv, io, command))
  } catch (error) {
    if (error instanceof CommandFailure) {
      io.err(printable(error.message))
      return error.exitCode
    }
    if (error instanceof AdminUnreachableError) {
      io.err(error.message)
      return EXIT_FAILED
    }
    throw error
  }
}

async function readCall(
  argv: readonly string[],
  io: OperatorIo,
  command: OperatorCommand,
): Promise<OperatorCall> {
  const { values, positionals } = parse(argv, command)
  const { min, max } = command.positionals
  if (positionals.length < min || positionals.length > max) throw usageFailure(command)
  const text = (option: string) => {
    const value = values[option]
    return typeof value === 'string' ? value : undefined
  }
  const admin = text('admin') ?? io.env['SIDEKEY_ADMIN'] ?? DEFAULT_ADMIN
  const tokenFile = text('token-file') ?? io.env['SIDEKEY_TOKEN_FILE']
  const token = command.needsToken ? await readToken(tokenFile) : null
  return {
    client: new AdminClient(originOf(admin), token),
    io,
    positionals,
    text,
    flag: (option) => values[option] === true,
  }
}

interface ParsedArguments {
  readonly values: Readonly<Record<string, unknown>>
  readonly positionals: readonly string[]
}

function parse(argv: readonly string[], command: OperatorCommand): ParsedArguments {
  const options: OperatorCommand['options'] = {
    ...command.options,
    admin: { type: 'string' },
    ...(command.needsToken && { 'token-file': { type: 'string' } }),
  }
  try {
    return parseArgs({ args: [...argv], strict: true, allowPositionals: true, options })
  } catch {
    // Node's own text may repeat an argument, and somebody may have put a secret there.
    throw usageFailure(command)
  }
}

function usageFailure({ usage, needsToken }: OperatorCommand): CommandFailure {
  const shared = `[--admin URL]${needsToken ? ' [--token-file FILE]' : ''}`
  return new CommandFailure(`usage: ${usage} ${shared}`, EXIT_USAGE)
}

function originOf(admin: string): string {
  const url = URL.parse(admin)
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.pathname !== '/'
  ) {
    throw new CommandFailure(`--admin is no address: write it like ${DEFAULT_ADMIN}`, EXIT_USAGE)
  }
  return url.origin
}

async function readToken(path: string | undefined): Promise<SecretValue | null> {
  if (path === undefined) return null
  const token = await readSecretSource({ kind: 'file', path }, {}, { fitsHeader: true })
  if (token instanceof Refusal) {
    throw new CommandFailure(`--token-file ${path}: ${token.message}; ${token.remedy}`)
  }
  return token
}
