import { parseArgs } from 'node:util'
import { startOktaEmulator } from '../emulator/okta/start-okta-emulator.ts'
import type { RestEmulator } from '../emulator/rest/start-rest-emulator.ts'
import { startTwilioEmulator } from '../emulator/twilio/start-twilio-emulator.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Random } from '../kernel/ports/random.ts'
import type { EmulatorIo, EmulatorRun } from './emulator.ts'
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'

const HELP = {
  okta: `usage: sidekey emulator okta [options]

A local Okta with one app and its client secrets. The first line on stdout is {"listening":PORT}.

  --port PORT           default: a free one
  --host ADDRESS        default: 127.0.0.1
  --app ID=SECRET[,SECRET]  the app, whose client id is the same; default: 0oaemulated=Emulated1ClientSecret
  --token TOKEN         what manages its secrets; default: emulated-token
  --help

Arguments are visible to every user of the machine: give fake secrets only.
Faults are ordered by POST http://127.0.0.1:PORT/__emulator/faults, which asks for no credentials.
`,
  twilio: `usage: sidekey emulator twilio [options]

A local Twilio with one account and its auth tokens. The first line on stdout is {"listening":PORT}.

  --port PORT           default: a free one
  --host ADDRESS        default: 127.0.0.1
  --account SID=TOKEN   default: AC and 32 zeros, with a token of 32 a
  --help

Arguments are visible to every user of the machine: give fake secrets only.
Faults are ordered by POST http://127.0.0.1:PORT/__emulator/faults, which asks for no credentials.
`,
} as const

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  app: { type: 'string' },
  token: { type: 'string' },
  account: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/** The emulators beside the first one. */
export type OtherService = keyof typeof HELP

interface Deps {
  readonly clock: Clock
  readonly random: Random
}

/**
 * `sidekey emulator okta` and `… twilio`: starts the emulator and prints where it listens. The caller closes it on
 * SIGTERM. `argv` is what follows the service.
 */
export async function runOtherEmulator(
  service: OtherService,
  argv: readonly string[],
  io: EmulatorIo,
  deps: Deps,
): Promise<EmulatorRun> {
  try {
    const values = parse(service, argv)
    if (values.help === true) {
      io.stdout.write(HELP[service])
      return { kind: 'ended', exitCode: EXIT_OK }
    }
    const start = service === 'okta' ? startOkta : startTwilio
    const emulator = await start(values, deps)
    io.stdout.write(`${JSON.stringify({ listening: emulator.port })}\n`)
    return { kind: 'running', port: emulator.port, close: () => emulator.close() }
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown error'
    io.stderr.write(`sidekey emulator: ${message}\n`)
    return { kind: 'ended', exitCode: error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED }
  }
}

type Values = ReturnType<typeof parse>

/** The parser's own messages quote what was written, which may be a secret. */
function parse(service: OtherService, argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS }).values
  } catch {
    throw new UsageError(`the options are wrong; see sidekey emulator ${service} --help`)
  }
}

function startOkta(values: Values, deps: Deps): Promise<RestEmulator> {
  const [id, list] = pairOf(values.app ?? '0oaemulated=Emulated1ClientSecret', '--app')
  const identity = { appId: id, clientId: id, managementToken: values.token ?? 'emulated-token' }
  const secrets = list.split(',')
  if (secrets.length > 2) throw new UsageError('--app has at most two secrets')
  return startOktaEmulator({ ...deps, ...identity, ...placeOf(values), secrets })
}

function startTwilio(values: Values, deps: Deps): Promise<RestEmulator> {
  const written = values.account ?? `AC${'0'.repeat(32)}=${'a'.repeat(32)}`
  const [account, token] = pairOf(written, '--account')
  return startTwilioEmulator({ ...deps, account, token, ...placeOf(values) })
}

function pairOf(text: string, option: string): readonly [string, string] {
  const [, name, value] = /^([^=:\s]+)=(.+)$/s.exec(text) ?? []
  if (name !== undefined && value !== undefined) return [name, value]
  throw new UsageError(`${option} is not NAME=SECRET`)
}

function placeOf({ port = '0', host = '127.0.0.1' }: Values) {
  if (/^\d{1,5}$/.test(port) && Number(port) <= 65_535) return { port: Number(port), host }
  throw new UsageError('--port is not a port: write a number from 0 to 65535')
}
