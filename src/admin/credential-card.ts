import { html } from 'hono/html'
import type {
  CredentialStatus,
  RolloutStatus,
  VersionStatus,
} from '../kernel/ports/rotation-control.ts'
import { formatAge, formatInstant } from './format-age.ts'
import { phasePicture } from './phase-picture.ts'

type Html = ReturnType<typeof html>

/** In these a rotation waits for its time, and there is nothing to abort. */
const RESTING: ReadonlySet<string> = new Set(['idle', 'staged'])

/** One credential on the status page. Without `commands` (no admin token is configured) it has no buttons. */
export function credentialCard(status: CredentialStatus, nowMs: number, commands: boolean): Html {
  const rotates = status.phase !== 'static'
  const stuck = status.blocked !== null || status.phase === 'aborting'
  return html`<article class="card" id="credential-${status.id}">
    <header>
      <h2>${status.id}</h2>
      <span class="provider">${rotates ? status.provider : ''}</span>
      <span class="chip ${stuck ? 'bad' : ''}">${status.phase}</span>
      ${status.blocked === null ? html`<span class="reason">${status.reason ?? ''}</span>` : ''}
      ${status.paused ? html`<span class="chip warn">paused</span>` : ''}
    </header>
    ${status.blocked === null ? '' : blockedNote(status.blocked, nowMs)}
    ${status.reason === 'bootstrap-consent' ? CONSENT_NOTE : ''}
    ${status.rollout === undefined ? '' : rolloutNote(status.rollout)}
    ${rotates ? phasePicture(status, nowMs) : ''}
    <p class="times">
      ${rotates ? rotationTimes(status, nowMs) : 'Somebody else rotates it; its files are watched.'}
    </p>
    <ul class="versions">
      ${status.versions.map((version) => versionItem(status, version, nowMs, commands))}
    </ul>
    ${rotates && commands ? html`<footer>${buttons(status)}</footer>` : ''}
  </article>`
}

const CONSENT_NOTE = html`<p class="note warn">
  <strong>Waiting for you:</strong> the first secret came from the configuration, so apps outside
  Sidekey may still use it. Revoke it when none does.
</p>`

function blockedNote(blocked: NonNullable<CredentialStatus['blocked']>, nowMs: number): Html {
  return html`<p class="note bad" role="alert">
    <strong>Blocked: ${blocked.reason}</strong> for ${formatAge(nowMs - blocked.sinceMs)}.
    ${blocked.detail}
  </p>`
}

function rolloutNote({ share, watchedMs, requests, refusals }: RolloutStatus): Html {
  const percent = Math.round(share * 1_000) / 10
  return html`<p class="note">
    ${percent}% of the requests start with the new version, watched for ${formatAge(watchedMs)}:
    ${requests} so far, ${refusals} refused.
  </p>`
}

function rotationTimes(status: CredentialStatus, nowMs: number): Html {
  const { lastRotationAtMs, nextRotationAtMs } = status
  const last =
    lastRotationAtMs === null
      ? html`<span>not rotated yet</span>`
      : html`<span>rotated ${instant(lastRotationAtMs, nowMs)}</span>`
  const next =
    nextRotationAtMs === null
      ? html`<span>${RESTING.has(status.phase) ? 'no rotation planned' : 'under way'}</span>`
      : html`<span>next ${instant(nextRotationAtMs, nowMs)}</span>`
  return html`${last}${next}`
}

function versionItem(
  status: CredentialStatus,
  version: VersionStatus,
  nowMs: number,
  commands: boolean,
): Html {
  const used =
    version.lastUsedAtMs === null
      ? 'never used'
      : html`used ${instant(version.lastUsedAtMs, nowMs)}`
  const made =
    version.createdAtMs === null
      ? 'age not known'
      : html`made ${instant(version.createdAtMs, nowMs)}`
  const consent =
    commands && status.reason === 'bootstrap-consent' && version.stage === 'previous' && version.id
      ? button(
          status.id,
          'revoke',
          'Revoke it',
          `Revoke ${version.id} at the provider?`,
          version.id,
        )
      : ''
  return html`<li class="${version.stage}">
    <strong>${version.stage}</strong> <code>${version.fingerprint}</code> <span>${made}</span
    ><span>${used}</span>
    <small>${version.id ?? (status.phase === 'static' ? '' : 'id not known yet')}</small>${consent}
  </li>`
}

function buttons(status: CredentialStatus): readonly Html[] {
  const { id } = status
  return [
    button(id, 'rotate', 'Rotate now'),
    status.paused ? button(id, 'resume', 'Resume') : button(id, 'pause', 'Pause'),
    ...(status.blocked === null ? [] : [button(id, 'retry', 'Retry')]),
    ...(RESTING.has(status.phase)
      ? []
      : [button(id, 'abort', 'Abort', `Abort the rotation of ${id}?`)]),
    button(
      id,
      'emergency',
      'Secret leaked',
      `Replace and revoke the current secret of ${id} now, without waiting for requests to drain?`,
    ),
  ]
}

function button(id: string, command: string, label: string, confirm = '', secretId = ''): Html {
  return html`<button
    type="button"
    class="${command}"
    data-id="${id}"
    data-command="${command}"
    data-confirm="${confirm}"
    data-secret-id="${secretId}"
    disabled
  >
    ${label}
  </button>`
}

function instant(atMs: number, nowMs: number): Html {
  const iso = new Date(atMs).toISOString()
  return html`<time datetime="${iso}" title="${iso}">${formatInstant(atMs, nowMs)}</time>`
}
