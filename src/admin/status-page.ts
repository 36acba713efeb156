import { html, raw } from 'hono/html'
import type { CredentialStatus } from '../kernel/ports/rotation-control.ts'
import type { AdminDeps } from './admin-deps.ts'
import { credentialCard } from './credential-card.ts'
import { PAGE_SCRIPT, PAGE_STYLE } from './page-assets.ts'

type Html = ReturnType<typeof html>

/** More would make a page that nobody reads; the API has them all. */
const CARDS_MAX = 200
/** Without script the page loads itself anew this often, in seconds; with script it does so sooner and keeps its place. */
const RELOAD_SECONDS = 15

const LOGO = raw(
  '<svg class="logo" viewBox="0 0 32 32" aria-hidden="true"><circle cx="11" cy="16" r="7"/><path d="M18 16h11M24 16v5M29 16v4"/></svg>',
)

/** Not inside the template: the policy's hashes are of the text between the tags, to the last space. */
const STYLE = raw(`<style>${PAGE_STYLE}</style>`)
const SCRIPT = raw(`<script>${PAGE_SCRIPT}</script>`)

/** The page at `/`: what every credential is doing, readable without a token, and never a value. */
export async function statusPage(
  deps: Pick<AdminDeps, 'readiness' | 'token' | 'version' | 'clock'>,
  statuses: readonly CredentialStatus[],
): Promise<string> {
  const nowMs = deps.clock.now()
  const commands = deps.token() !== null
  const troubled = statuses.toSorted(
    (a, b) => Number(b.blocked !== null) - Number(a.blocked !== null),
  )
  const page = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Sidekey</title>
        <link rel="icon" href="data:," />
        <noscript><meta http-equiv="refresh" content="${RELOAD_SECONDS}" /></noscript>
        ${STYLE}
      </head>
      <body>
        <header class="top">
          ${LOGO}
          <h1>Sidekey</h1>
          <span class="version">${deps.version}</span>
          ${commands ? tokenField() : html`<small>Read-only: set admin.tokenFile for actions.</small>`}
        </header>
        <p id="notice" role="status" aria-live="polite"></p>
        <main id="live">
          ${readinessNote(deps.readiness(), nowMs)}
          ${troubled.slice(0, CARDS_MAX).map((status) => credentialCard(status, nowMs, commands))}
          ${statuses.length > CARDS_MAX ? html`<p>${statuses.length - CARDS_MAX} more: GET /api/credentials</p>` : ''}
          ${statuses.length === 0 ? html`<p>The configuration names no credential.</p>` : ''}
        </main>
        ${SCRIPT}
      </body>
    </html>`
  return String(page)
}

function tokenField(): Html {
  return html`<label class="token"
    ><span>Admin token</span
    ><input id="token" type="password" autocomplete="off" placeholder="unlocks the actions"
  /></label>`
}

function readinessNote(
  { ready, reasons }: ReturnType<AdminDeps['readiness']>,
  nowMs: number,
): Html {
  const at = new Date(nowMs).toISOString()
  const clock = html`<time class="asof" datetime="${at}">${at.slice(11, 19)} UTC</time>`
  if (ready) return html`<p class="note good"><strong>Ready</strong> ${clock}</p>`
  return html`<div class="note bad" role="alert">
    <strong>Not ready</strong> ${clock}
    <ul>
      ${reasons.map((reason) => html`<li>${reason}</li>`)}
    </ul>
  </div>`
}
