import { styleText } from 'node:util'
import { formatAge, formatInstant } from '../admin/format-age.ts'
import type { Credential } from './admin-answer.ts'
import { printable } from './printable.ts'

const HEAD = ['CREDENTIAL', 'PROVIDER', 'PHASE', 'REASON', 'LIVE SECRETS', 'ROTATED', 'NEXT']
const PHASE_COLUMN = 2
const GAP = '  '

export interface View {
  readonly nowMs: number
  readonly colours: boolean
}

/** One line per credential under a head; what blocks one stands below its line. */
export function credentialTable(credentials: readonly Credential[], view: View): readonly string[] {
  const rows = credentials.map((credential) => cells(credential, view.nowMs).map(printable))
  const widths = HEAD.map((_head, column) =>
    Math.max(...[HEAD, ...rows].map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[], paint: (text: string, column: number) => string) =>
    row
      .map((cell, column) => paint(cell.padEnd(widths[column] ?? 0), column))
      .join(GAP)
      .trimEnd()
  return [
    line(HEAD, (text) => style(view, 'bold', text)),
    ...credentials.flatMap((credential, index) => [
      line(rows[index] ?? [], (text, column) =>
        column === PHASE_COLUMN ? style(view, colourOf(credential), text) : text,
      ),
      ...rolloutLine(credential),
      ...blockedLine(credential, view),
    ]),
  ]
}

/** One credential with its versions and the provider's ids, which `revoke` and `adopt` ask for. */
export function credentialDetail(credential: Credential, view: View): readonly string[] {
  return [
    ...credentialTable([credential], view),
    '',
    ...credential.versions.map((version) =>
      printable(
        [
          version.stage.padEnd('previous'.length),
          version.fingerprint,
          version.createdAt === null
            ? 'age not known'
            : `made ${formatInstant(version.createdAt, view.nowMs)}`,
          version.lastUsedAt === null
            ? 'never used'
            : `used ${formatInstant(version.lastUsedAt, view.nowMs)}`,
          version.id === null ? 'id not known' : `id ${version.id}`,
        ].join(GAP),
      ),
    ),
  ]
}

function cells(credential: Credential, nowMs: number): readonly string[] {
  const { lastRotationAt, nextRotationAt } = credential
  return [
    credential.id,
    credential.provider,
    credential.paused ? `${credential.phase}, paused` : credential.phase,
    credential.reason ?? '-',
    credential.versions.map(({ stage, fingerprint }) => `${stage} ${fingerprint}`).join(', '),
    lastRotationAt === null ? '-' : formatInstant(lastRotationAt, nowMs),
    nextRotationAt === null ? '-' : formatInstant(nextRotationAt, nowMs),
  ]
}

function blockedLine({ blocked }: Credential, view: View): readonly string[] {
  if (blocked === null) return []
  const text = `blocked for ${formatAge(view.nowMs - blocked.since)}: ${blocked.reason}. ${blocked.detail}`
  return [`${GAP}${style(view, 'red', printable(text))}`]
}

function rolloutLine({ rollout }: Credential): readonly string[] {
  if (rollout === null) return []
  const { share, watchedSeconds, requests, refusals } = rollout
  const percent = Math.round(share * 1_000) / 10
  const watched = formatAge(watchedSeconds * 1_000)
  return [
    `${GAP}${percent}% of the requests start with pending, watched for ${watched}: ${requests} so far, ${refusals} refused`,
  ]
}

type Colour = 'red' | 'yellow' | 'green' | 'cyan' | 'bold'

function colourOf({ blocked, paused, phase }: Credential): Colour {
  if (blocked !== null || phase === 'aborting') return 'red'
  if (paused) return 'yellow'
  return phase === 'idle' || phase === 'staged' || phase === 'static' ? 'green' : 'cyan'
}

function style({ colours }: View, colour: Colour, text: string): string {
  return colours ? styleText(colour, text, { validateStream: false }) : text
}
