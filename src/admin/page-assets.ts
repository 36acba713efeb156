import { createHash } from 'node:crypto'

/** The page's style. No colour is the only bearer of a meaning; all pass WCAG AA on their ground. */
export const PAGE_STYLE = `
:root{--ground:#f6f7f9;--card:#fff;--ink:#16202c;--soft:#5a6675;--line:#dde2e8;--accent:#0b6bcb;--good:#14713d;--bad:#b3261e;--warn:#8a5300;--goodbg:#e5f4ea;--badbg:#fbe9e7;--warnbg:#fdf1dc;--accentbg:#e4effb}
@media(prefers-color-scheme:dark){:root{--ground:#0f141a;--card:#182029;--ink:#e6ebf1;--soft:#9aa7b6;--line:#2b3642;--accent:#6db3f8;--good:#6bd394;--bad:#ff9c92;--warn:#f2bd63;--goodbg:#143322;--badbg:#3d1c1a;--warnbg:#37290f;--accentbg:#16304b}}
*{box-sizing:border-box}
body{margin:0 auto;overflow-wrap:anywhere;max-width:60rem;padding:1rem;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
h1,h2,p,ul,ol{margin:0;padding:0}h1{font-size:1.25rem}h2{font-size:1.125rem}
ul,ol{list-style:none}code{font:.875em ui-monospace,monospace}small,.soft{color:var(--soft)}
.top{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem .625rem;margin-bottom:1rem}
.logo{width:1.75rem;fill:none;stroke:var(--accent);stroke-width:3;stroke-linecap:round}
.version{color:var(--soft);font-size:.875rem;margin-right:auto}
.token{display:flex;align-items:center;gap:.5rem;font-size:.875rem;color:var(--soft)}
input,button{font:inherit;font-size:.875rem;min-height:2.25rem;border:1px solid var(--line);border-radius:.5rem;background:var(--card);color:var(--ink);padding:0 .75rem}
button{cursor:pointer;font-weight:500}button:disabled{cursor:not-allowed;opacity:.5}
button.rotate:enabled{background:var(--accent);border-color:var(--accent);color:var(--card)}
button.emergency{color:var(--bad);margin-left:auto}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.note{border-radius:.5rem;padding:.5rem .75rem;margin-bottom:1rem}.note.good{background:var(--goodbg);color:var(--good)}.note.warn{background:var(--warnbg);color:var(--warn)}.note.bad{background:var(--badbg);color:var(--bad)}
.asof{float:right;font-size:.875rem;font-variant-numeric:tabular-nums}
#notice{min-height:0;color:var(--accent)}#notice:not(:empty){margin-bottom:1rem;padding:.5rem .75rem;border-radius:.5rem;background:var(--accentbg)}
.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1rem 1.25rem;margin-bottom:1rem}
.card>header{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem .625rem;margin-bottom:.75rem}
.provider,.reason{color:var(--soft);font-size:.875rem}.provider{margin-right:auto}
.chip{background:var(--accentbg);color:var(--accent);border-radius:1rem;padding:0 .625rem;font-size:.875rem;font-weight:600}
.chip.bad{background:var(--badbg);color:var(--bad)}.chip.warn{background:var(--warnbg);color:var(--warn)}
.picture{--tone:var(--accent);--pale:color-mix(in srgb,var(--tone) 45%,var(--card))}.picture.stuck{--tone:var(--bad)}.picture svg{display:block;width:100%}
.rail{stroke:var(--line);stroke-width:4}.rail.passed{stroke:var(--pale)}.rail.back{stroke:var(--tone);stroke-dasharray:10 8}.ahead{fill:var(--card);stroke:var(--line);stroke-width:4}circle.passed{fill:var(--pale)}.here,.now{fill:var(--tone)}.halo{fill:var(--tone);opacity:.2}
.life{fill:var(--line)}.lived{fill:var(--pale)}.now{stroke:var(--card);stroke-width:4}
.picture ol{display:grid;grid-template-columns:repeat(7,minmax(0,1fr));text-align:center;font-size:.75rem;color:var(--soft);margin-bottom:.375rem}
.picture .at{color:var(--ink);font-weight:600}
.times{display:flex;justify-content:space-between;gap:1rem;font-size:.875rem;color:var(--soft);margin:0 0 .75rem}
.versions{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.75rem}
.versions li{border:1px solid var(--line);border-left:4px solid var(--line);border-radius:.5rem;padding:.5rem .75rem;display:grid;grid-template-columns:1fr auto;gap:.125rem .75rem;align-content:start;font-size:.875rem}
.versions .current{border-left-color:var(--good)}.versions .pending{border-left-color:var(--accent)}.versions .previous{border-left-color:var(--warn)}
.versions span{color:var(--soft)}.versions li>:nth-child(even){text-align:right}.versions small{grid-column:1/-1;text-align:left;overflow-wrap:anywhere;font-size:.75rem}.versions li button{grid-column:1/-1;justify-self:start;margin-top:.375rem}
.card>footer{display:flex;flex-wrap:wrap;gap:.5rem;margin-top:1rem}
@media(max-width:34rem){.picture li:not(.at){font-size:0}.picture li{display:flex;justify-content:center;white-space:nowrap}.token,.token input{width:100%}.token span{white-space:nowrap}.versions li>span:nth-child(n){grid-column:1/-1;text-align:left}}
`

/** Refreshes the page in place and sends the buttons' commands. The token stays in its field, nowhere else. */
export const PAGE_SCRIPT = `
const token = document.getElementById('token')
const live = document.getElementById('live')
const notice = document.getElementById('notice')
const keyOf = (e) => e && e.dataset && e.dataset.command ? e.dataset.id + ' ' + e.dataset.command : null
const unlock = () => {
  for (const b of live.querySelectorAll('button')) b.disabled = !token || token.value === ''
}
const refresh = async () => {
  try {
    const answer = await fetch('/', { headers: { accept: 'text/html' } })
    if (!answer.ok) throw new Error('status ' + answer.status)
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const focused = keyOf(document.activeElement)
    live.replaceChildren(...page.getElementById('live').childNodes)
    unlock()
    if (focused) for (const b of live.querySelectorAll('button')) if (keyOf(b) === focused) b.focus()
    if (notice.dataset.lost) { notice.textContent = ''; delete notice.dataset.lost }
  } catch {
    notice.textContent = 'Sidekey does not answer; what you see may be old.'
    notice.dataset.lost = '1'
  }
}
const send = async (button) => {
  const { id, command, confirm: question, secretId } = button.dataset
  if (question && !confirm(question)) return
  const emergency = command === 'emergency'
  const body = emergency ? { emergency: true } : secretId ? { secretId } : {}
  const path = '/api/credentials/' + encodeURIComponent(id) + '/' + (emergency ? 'rotate' : command)
  const headers = { authorization: 'Bearer ' + token.value.trim(), 'content-type': 'application/json' }
  try {
    const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) })
    const said = await answer.json()
    notice.textContent = id + ': ' + (answer.ok ? 'accepted, ' + said.phase : answer.status === 401 ? said.title : said.detail || said.title)
  } catch {
    notice.textContent = 'Sidekey does not answer.'
  }
  await refresh()
}
live.addEventListener('click', (event) => {
  const button = event.target.closest('button')
  if (button) void send(button)
})
if (token) token.addEventListener('input', unlock)
const { setInterval: every } = window
every(() => { if (!document.hidden) void refresh() }, 5000)
`

/** Content-Security-Policy of the page: its own style and script by their hashes, its own API, and nothing else. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(PAGE_STYLE)}`,
  `script-src ${hashOf(PAGE_SCRIPT)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`
}
