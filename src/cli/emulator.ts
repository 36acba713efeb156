import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { startVonageEmulator } from '../emulator/vonage/start-vonage-emulator.ts'
import { SIGNATURE_ALGORITHMS } from '../emulator/vonage/verify-signature.ts'
import type { SeedAccount, SeedApplication, SeedSecondary } from '../emulator/vonage/world.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Random } from '../kernel/ports/random.ts'
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'

const HELP = `usage: sidekey emulator vonage [options]

A local Vonage with two-secret accounts, to try a configuration without risk. The first line on stdout is {"listening":PORT}.

  --port PORT                      default: a free one
  --host ADDRESS                   default: 127.0.0.1
  --account KEY=SECRET[,SECRET]    an account; may be repeated
  --secondary KEY=SECRET[@PRIMARY] an account that a primary manages too; default: the first account
  --application ID=FILE            an application of the first account, by its public key in PEM; may be repeated
  --accounts-file FILE             JSON: {"accounts":[{"key","secrets":[…],"signature":{"secret","algorithm"}}],
                                   "secondaries":[{"key","primary","secrets":[…]}]}
  --help

Arguments are visible to every user of the machine: give fake secrets only, or use --accounts-file.
Faults and lags are set under http://127.0.0.1:PORT/__emulator/, which asks for no credentials.
`

const DEFAULT_ACCOUNT: SeedAccount = { key: 'a1b2c3d4', secrets: ['Emulated1Secret'] }

const secretsSchema = z.array(z.string().min(1)).min(1)
const signatureSchema = z.strictObject({
  secret: z.string().min(1),
  algorithm: z.enum(SIGNATURE_ALGORITHMS),
})
const accountSchema = z.strictObject({
  key: z.string().min(1),
  secrets: secretsSchema,
  signature: signatureSchema.optional(),
})
const fileSchema = z.strictObject({
  accounts: z.array(accountSchema).min(1),
  secondaries: z
    .array(z.strictObject({ key: z.string().min(1), primary: z.string(), secrets: secretsSchema }))
    .default([]),
})

interface Output {
  write(text: string): unknown
}

export interface EmulatorIo {
  readonly stdout: Output
  readonly stderr: Output
}

/** A running emulator, or the exit code of a command that is over. */
export type EmulatorRun =
  | { readonly kind: 'running'; readonly port: number; close(): Promise<void> }
  | { readonly kind: 'ended'; readonly exitCode: number }

/**
 * `sidekey emulator vonage`: starts the emulator and prints where it listens. The caller closes it on SIGTERM.
 * `argv` is what follows `emulator vonage`.
 */
export async function runEmulator(
  argv: readonly string[],
  io: EmulatorIo,
  deps: { readonly clock: Clock; readonly random: Random },
): Promise<EmulatorRun> {
  try {
    const options = readOptions(argv)
    if (options === 'help') {
      io.stdout.write(HELP)
      return { kind: 'ended', exitCode: EXIT_OK }
    }
    const emulator = await startVonageEmulator({ ...options, ...deps })
    io.stdout.write(`${JSON.stringify({ listening: emulator.port })}\n`)
    return { kind: 'running', port: emulator.port, close: () => emulator.close() }
  } catch (error) {
    const isUsage = error instanceof UsageError
    const message = error instanceof Error ? error.message : 'unknown error'
    io.stderr.write(`sidekey emulator: ${message}\n`)
    return { kind: 'ended', exitCode: isUsage ? EXIT_USAGE : EXIT_FAILED }
  }
}

interface EmulatorOptions {
  readonly port: number
  readonly host: string
  readonly accounts: readonly SeedAccount[]
  readonly secondaries: readonly SeedSecondary[]
  readonly applications: readonly SeedApplication[]
}

function readOptions(argv: readonly string[]): EmulatorOptions | 'help' {
  const values = parse(argv)
  if (values.help === true) return 'help'
  const file = values['accounts-file'] === undefined ? null : readAccounts(values['accounts-file'])
  const named = [...(file?.accounts ?? []), ...(values.account ?? []).map(readAccount)]
  const accounts = named.length === 0 ? [DEFAULT_ACCOUNT] : named
  const primary = accounts[0]?.key ?? ''
  const secondaries = [
    ...(file?.secondaries ?? []),
    ...(values.secondary ?? []).map((text) => readSecondary(text, primary)),
  ]
  assertConsistent(accounts, secondaries)
  const applications = (values.application ?? []).map((text) => readApplication(text, primary))
  const { port, host = '127.0.0.1' } = values
  return { port: readPort(port), host, accounts, secondaries, applications }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        account: { type: 'string', multiple: true },
        secondary: { type: 'string', multiple: true },
        application: { type: 'string', multiple: true },
        'accounts-file': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new UsageError(`${whatIsWrong(error)}; see sidekey emulator vonage --help`)
  }
}

/** The parser names an option without its value, but quotes an argument that stands alone: it may be a secret. */
function whatIsWrong(error: unknown): string {
  if (!(error instanceof Error)) return 'the options are wrong'
  const isAlone = 'code' in error && error.code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL'
  return isAlone ? 'an argument stands without its option' : (error.message.split('. ')[0] ?? '')
}

function readPort(text = '0'): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new UsageError('--port is not a port: write a number from 0 to 65535')
}

function readAccount(text: string): SeedAccount {
  const [, key, list] = /^([^=:\s]+)=(.+)$/s.exec(text) ?? []
  const secrets = list?.split(',') ?? []
  if (key === undefined || secrets.length > 2 || secrets.includes('')) {
    throw new UsageError('--account is not KEY=SECRET or KEY=SECRET,SECRET')
  }
  return { key, secrets }
}

/** The part behind the last `@` names the primary, so a secret with an `@` needs its primary spelled out. */
function readSecondary(text: string, firstPrimary: string): SeedSecondary {
  const at = text.lastIndexOf('@')
  const [account, primary] =
    at === -1 ? [text, firstPrimary] : [text.slice(0, at), text.slice(at + 1)]
  try {
    return { ...readAccount(account), primary }
  } catch {
    throw new UsageError('--secondary is not KEY=SECRET or KEY=SECRET@PRIMARY')
  }
}

function readApplication(text: string, account: string): SeedApplication {
  const [, id, file] = /^([^=\s]+)=(.+)$/s.exec(text) ?? []
  if (id === undefined || file === undefined) throw new UsageError('--application is not ID=FILE')
  try {
    return { id, account, publicKey: readFileSync(file, 'utf8') }
  } catch {
    throw new UsageError('--application names a file that is not readable')
  }
}

function readAccounts(path: string): z.infer<typeof fileSchema> {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    // Neither the parser's nor the schema's own text is shown: it may quote the file.
    const reason =
      error instanceof z.ZodError ? `is wrong at ${pathOf(error)}` : 'is not readable JSON'
    throw new UsageError(`--accounts-file ${reason}; see sidekey emulator vonage --help`)
  }
}

function pathOf(error: z.ZodError): string {
  return error.issues[0]?.path.map(String).join('.') || 'its top level'
}

function assertConsistent(
  accounts: readonly SeedAccount[],
  secondaries: readonly SeedSecondary[],
): void {
  const keys = [...accounts, ...secondaries].map(({ key }) => key)
  const twice = keys.find((key, index) => keys.indexOf(key) !== index)
  if (twice !== undefined) throw new UsageError(`the account ${twice} is given twice: name it once`)
  for (const { key, primary } of secondaries) {
    if (accounts.some((account) => account.key === primary)) continue
    throw new UsageError(`the primary of ${key} is no --account: add it, or name another one`)
  }
}
