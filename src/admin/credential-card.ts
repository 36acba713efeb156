import { html } from 'hono/html'
import type { CredentialStatus, VersionStatus } from '../kernel/ports/rotation-control.ts'
import { formatAge, formatInstant } from './format-age.ts'
import { phasePicture } from './phase-picture.ts'

type Html = ReturnType<typeof html>

/** One credential on the status page. Without `commands` (no admin token is configured) it has no buttons. */
export function credentialCard(status: CredentialStatus, nowMs: number, commands: boolean): Html {
  const rotates = status.phase !== 'static'
  return html`<article class="card" id="credential-${status.id}">
    <header>
      <h2>${status.id}</h2>
      <span class="provider">${status.provider}</span>
      <span class="chip ${status.blocked === null ? '' : 'bad'}">${status.phase}</span>
      ${status.reason === null ? '' : html`<span class="reason">${status.reason}</span>`}
      ${status.paused ? html`<span class="chip warn">paused</span>` : ''}
    </header>
    ${status.blocked === null ? '' : blockedNote(status.blocked, nowMs)}
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

function blockedNote(blocked: NonNullable<CredentialStatus['blocked']>, nowMs: number): Html {
  return html`<p class="note bad" role="alert">
    <strong>Blocked: ${blocked.reason}</strong> for ${formatAge(nowMs - blocked.sinceMs)}.
    ${blocked.detail}
  </p>`
}

function rotationTimes(
  { lastRotationAtMs, nextRotationAtMs }: CredentialStatus,
  nowMs: number,
): Html {
  const last =
    lastRotationAtMs === null
      ? html`<span>not rotated yet</span>`
      : html`<span>rotated ${instant(lastRotationAtMs, nowMs)}</span>`
  const next =
    nextRotationAtMs === null
      ? html`<span>no rotation planned</span>`
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
    <strong>${version.stage}</strong> <code>${version.fingerprint}</code>
    <span>made ${instant(version.createdAtMs, nowMs)}</span><span>${used}</span>
    <small>${version.id ?? 'id not known'}</small>${consent}
  </li>`
}

const RESTING: ReadonlySet<string> = new Set(['idle', 'staged'])

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
      'It leaked',
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
