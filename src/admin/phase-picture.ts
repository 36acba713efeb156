import { html, raw } from 'hono/html'
import type { CredentialStatus } from '../kernel/ports/rotation-control.ts'

type Html = ReturnType<typeof html>

/** The way of a rotation; `aborting` leaves it and leads back to its start. */
const TRACK = ['idle', 'prepared', 'created', 'verified', 'staged', 'promoted', 'retiring'] as const
const STEP = 100
const WIDTH = TRACK.length * STEP
const TRACK_Y = 26
const BAR_Y = 78
const BAR_INSET = 14

/**
 * The rotation of one credential as a picture: the phases as stations with the present one lit, below it the time between
 * the last rotation and the next with a mark for now. Words stand beside it as text, so that a phone and a screen reader
 * get them too.
 */
export function phasePicture(status: CredentialStatus, nowMs: number): Html {
  const stuck = status.blocked !== null || status.phase === 'aborting'
  const label = `phase ${status.phase}${status.blocked === null ? '' : ', blocked'}`
  const bar = lifetimeBar(status, nowMs)
  return html`<svg
      class="picture${stuck ? ' stuck' : ''}"
      viewBox="0 0 ${WIDTH} ${bar === null ? TRACK_Y * 2 : BAR_Y + BAR_INSET}"
      role="img"
      aria-label="${label}"
    >
      <line
        class="rail"
        x1="${STEP / 2}"
        x2="${WIDTH - STEP / 2}"
        y1="${TRACK_Y}"
        y2="${TRACK_Y}"
      />
      ${TRACK.map((phase, index) => station(phase === status.phase, index, status))} ${bar ?? ''}
    </svg>
    <ol class="phases" aria-hidden="true">
      ${TRACK.map((phase) => html`<li${raw(phase === status.phase ? ' class="here"' : '')}>${phase}</li>`)}
    </ol>`
}

function station(here: boolean, index: number, { phase }: CredentialStatus): Html {
  const at = TRACK.findIndex((name) => name === phase)
  const kind = here ? 'here' : index < at ? 'passed' : 'ahead'
  const x = index * STEP + STEP / 2
  const halo = here ? html`<circle class="halo" cx="${x}" cy="${TRACK_Y}" r="20" />` : ''
  return html`${halo}<circle class="${kind}" cx="${x}" cy="${TRACK_Y}" r="${here ? 12 : 9}" />`
}

/** Null while one of both ends is not known. */
function lifetimeBar(
  { lastRotationAtMs, nextRotationAtMs }: CredentialStatus,
  nowMs: number,
): Html | null {
  if (lastRotationAtMs === null || nextRotationAtMs === null) return null
  const span = Math.max(nextRotationAtMs - lastRotationAtMs, 1)
  const share = Math.min(Math.max((nowMs - lastRotationAtMs) / span, 0), 1)
  const width = WIDTH - 2 * BAR_INSET
  const nowX = Math.round(BAR_INSET + share * width)
  return html`<rect
      class="life"
      x="${BAR_INSET}"
      y="${BAR_Y - 4}"
      width="${width}"
      height="8"
      rx="4"
    />
    <rect
      class="lived"
      x="${BAR_INSET}"
      y="${BAR_Y - 4}"
      width="${nowX - BAR_INSET}"
      height="8"
      rx="4"
    />
    <circle class="now" cx="${nowX}" cy="${BAR_Y}" r="9" />`
}
