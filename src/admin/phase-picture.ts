import { html, raw } from 'hono/html'
import type { CredentialStatus } from '../kernel/ports/rotation-control.ts'

type Html = ReturnType<typeof html>

/** The way of a rotation; `aborting` leaves it and leads back to its start. */
const TRACK = ['idle', 'prepared', 'created', 'verified', 'staged', 'promoted', 'retiring'] as const
/** The last station from which the way back is taken without a promotion. */
const ABORT_FROM = TRACK.indexOf('staged')
const STEP = 100
const WIDTH = TRACK.length * STEP
const TRACK_Y = 24
const BAR_Y = 12
const BAR_INSET = 14

/**
 * The rotation of one credential as a picture: the phases as stations with the present one lit, below it the time from the
 * last rotation to the next with a mark for now. Words stand beside it as text, so that a phone and a screen reader get
 * them too.
 */
export function phasePicture(status: CredentialStatus, nowMs: number): Html {
  const stuck = status.blocked !== null || status.phase === 'aborting'
  return html`<div class="picture${stuck ? ' stuck' : ''}">
    ${track(status)}
    <ol aria-hidden="true">
      ${TRACK.map((phase) => html`<li${raw(phase === status.phase ? ' class="at"' : '')}>${phase}</li>`)}
    </ol>
    ${lifetimeBar(status, nowMs)}
  </div>`
}

function track(status: CredentialStatus): Html {
  const at = TRACK.findIndex((phase) => phase === status.phase)
  const label = `phase ${status.phase}${status.blocked === null ? '' : ', blocked'}`
  return html`<svg viewBox="0 0 ${WIDTH} ${2 * TRACK_Y}" role="img" aria-label="${label}">
    ${rail('rail', TRACK.length - 1)} ${at > 0 ? rail('rail passed', at) : ''}
    ${status.phase === 'aborting' ? rail('rail back', ABORT_FROM) : ''}
    ${TRACK.map((_phase, index) => station(index, at))}
  </svg>`
}

function rail(kind: string, untilIndex: number): Html {
  return html`<line
    class="${kind}"
    x1="${stationX(0)}"
    x2="${stationX(untilIndex)}"
    y1="${TRACK_Y}"
    y2="${TRACK_Y}"
  />`
}

function station(index: number, at: number): Html {
  const x = stationX(index)
  if (index !== at) {
    const kind = index < at ? 'passed' : 'ahead'
    return html`<circle class="${kind}" cx="${x}" cy="${TRACK_Y}" r="9" />`
  }
  return html`<circle class="halo" cx="${x}" cy="${TRACK_Y}" r="20" />
    <circle class="here" cx="${x}" cy="${TRACK_Y}" r="12" />`
}

function stationX(index: number): number {
  return index * STEP + STEP / 2
}

/** Nothing while one of both ends is not known. */
function lifetimeBar(status: CredentialStatus, nowMs: number): Html {
  const { lastRotationAtMs, nextRotationAtMs } = status
  if (lastRotationAtMs === null || nextRotationAtMs === null) return html``
  const spanMs = Math.max(nextRotationAtMs - lastRotationAtMs, 1)
  const share = Math.min(Math.max((nowMs - lastRotationAtMs) / spanMs, 0), 1)
  const width = WIDTH - 2 * BAR_INSET
  const lived = Math.round(share * width)
  return html`<svg viewBox="0 0 ${WIDTH} ${2 * BAR_Y}" aria-hidden="true">
    <rect class="life" x="${BAR_INSET}" y="${BAR_Y - 4}" width="${width}" height="8" rx="4" />
    <rect class="lived" x="${BAR_INSET}" y="${BAR_Y - 4}" width="${lived}" height="8" rx="4" />
    <circle class="now" cx="${BAR_INSET + lived}" cy="${BAR_Y}" r="9" />
  </svg>`
}
