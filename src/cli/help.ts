interface CommandHelp {
  readonly name: string
  /** What follows `sidekey`; several where a command has several forms. */
  readonly forms: readonly string[]
  readonly does: string
  /** What its own help adds. */
  readonly more?: readonly string[]
}

const OPERATOR: readonly string[] = [
  '  --admin URL         the admin port; default: SIDEKEY_ADMIN, else http://127.0.0.1:9901',
  '  --token-file FILE   the file of admin.tokenFile; default: SIDEKEY_TOKEN_FILE',
  '  --json              what the admin API said, for machines',
]
const [ADMIN = '', TOKEN = ''] = OPERATOR

const COMMANDS: readonly CommandHelp[] = [
  {
    name: 'serve',
    forms: ['serve --config FILE [--log-level LEVEL] [--log-format json|text]'],
    does: 'run the proxy, the rotation and the admin port',
    more: [
      'SIGTERM drains and ends with 0; a second one ends at once. SIGHUP reads the file again:',
      'a bad file changes nothing.',
    ],
  },
  {
    name: 'check',
    forms: ['check --config FILE [--online] [--json]'],
    does: 'validate a configuration and what it refers to',
    more: [
      '  --online            also ask the upstreams and the provider; nothing is rotated',
      '  --json              errors, warnings and results, for machines',
    ],
  },
  {
    name: 'schema',
    forms: ['schema'],
    does: 'JSON Schema of the configuration, for editors',
  },
  {
    name: 'env',
    forms: ['env --config FILE [--shell|--json|--k8s|--compose]'],
    does: 'every variable by which common clients find the proxy',
  },
  {
    name: 'run',
    forms: ['run --config FILE -- CMD…'],
    does: 'start a command with them',
    more: ['Ends with the exit code of the command.'],
  },
  {
    name: 'ca',
    forms: ['ca --config FILE [--bundle] [--out FILE]'],
    does: "the local authority's certificate, or all to be trusted",
  },
  {
    name: 'status',
    forms: ['status [CREDENTIAL]'],
    does: "phases, versions, next rotations; of one: its secrets' ids too",
    more: OPERATOR,
  },
  {
    name: 'rotate',
    forms: ['rotate CREDENTIAL [--emergency [--compromised WHAT]] [--dry-run]'],
    does: 'a rotation now; or only what it would do',
    more: [
      '  --emergency         a secret leaked: the standby serves at once, the old secret is revoked',
      '  --compromised WHAT  what leaked: current (the default), pending (the standby) or both',
      '  --dry-run           each step and wait; changes nothing',
      ...OPERATOR,
    ],
  },
  {
    name: 'pause',
    forms: ['pause CREDENTIAL'],
    does: 'no further steps until resume',
    more: OPERATOR,
  },
  { name: 'resume', forms: ['resume CREDENTIAL'], does: 'end a pause', more: OPERATOR },
  {
    name: 'abort',
    forms: ['abort CREDENTIAL'],
    does: 'give up the new secret',
    more: OPERATOR,
  },
  {
    name: 'retry',
    forms: ['retry CREDENTIAL'],
    does: 'look again at what blocked it',
    more: OPERATOR,
  },
  {
    name: 'adopt',
    forms: ['adopt CREDENTIAL SECRET_ID [--secret-file FILE]'],
    does: 'hand over a secret that somebody else made',
    more: ['  --secret-file FILE  its value; default: standard input', ...OPERATOR],
  },
  {
    name: 'revoke',
    forms: ['revoke CREDENTIAL SECRET_ID'],
    does: 'consent to the end of a secret; ids: sidekey status CREDENTIAL',
    more: OPERATOR,
  },
  {
    name: 'secrets',
    forms: [
      'secrets list|verify CREDENTIAL',
      'secrets revoke CREDENTIAL SECRET_ID',
      'secrets create CREDENTIAL',
    ],
    does: 'what the provider lists; whether it works; a first secret',
    more: OPERATOR,
  },
  {
    name: 'wait',
    forms: ['wait [--timeout 30s]'],
    does: 'for containers: until ready',
    more: [ADMIN],
  },
  { name: 'healthcheck', forms: ['healthcheck'], does: 'whether it is ready now', more: [ADMIN] },
  { name: 'shutdown', forms: ['shutdown'], does: 'an orderly stop', more: [ADMIN, TOKEN] },
  {
    name: 'emulator',
    forms: ['emulator vonage|okta|twilio'],
    does: 'a local provider with accounts of two secrets',
    more: ['Each has its own: sidekey emulator vonage --help'],
  },
  {
    name: 'demo',
    forms: ['demo [--seconds N] [--json]'],
    does: 'the whole idea in a minute',
    more: ['Ends with 1 on any failed request or leaked secret.'],
  },
  { name: 'version', forms: ['version'], does: 'its number' },
  { name: 'help', forms: ['help [COMMAND]'], does: 'this, or the options of one command' },
]

/** The names of all commands, in the order of the help. */
export const COMMAND_NAMES: readonly string[] = COMMANDS.map(({ name }) => name)

const EXIT_CODES =
  'Exit codes: 0 done, 1 not reachable or refused, 64 wrong command line, 78 wrong configuration.'
const COLUMN = 32

/** `sidekey help`: every command in its forms. */
export function helpOfAll(): string {
  return [
    'sidekey: your app never holds the key. Sidekey holds it, and turns it.',
    '',
    ...COMMANDS.flatMap(({ forms, does }) => [
      ...forms.slice(0, -1).map((form) => `  ${form}`),
      beside(forms.at(-1) ?? '', does),
    ]),
    '',
    'From `status` to `shutdown` they talk to a running Sidekey; --help after a command tells its options.',
    EXIT_CODES,
  ].join('\n')
}

/** `sidekey COMMAND --help`; null for a name that is no command. */
export function helpOf(name: string): string | null {
  const command = COMMANDS.find((one) => one.name === name)
  if (command === undefined) return null
  const { forms, does, more = [] } = command
  const usage = forms.map((form, index) => `${index === 0 ? 'usage:' : '      '} sidekey ${form}`)
  return [...usage, '', does, ...(more.length > 0 ? ['', ...more] : []), '', EXIT_CODES].join('\n')
}

/**
 * Whether a command line asks for this help. What stands behind `--` belongs to another program, and an emulator tells its
 * own options.
 */
export function asksForHelp(name: string, argv: readonly string[]): boolean {
  const end = name === 'emulator' ? 1 : argv.indexOf('--')
  const own = end === -1 ? argv : argv.slice(0, end)
  return own.includes('--help') || own.includes('-h')
}

function beside(form: string, does: string): string {
  const text = `  ${form}`
  return text.length < COLUMN ? text.padEnd(COLUMN) + does : `${text}\n${''.padEnd(COLUMN)}${does}`
}
