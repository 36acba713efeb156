import { readFile, writeFile } from 'node:fs/promises'

const FILE = new URL('../../docs/reliability.md', import.meta.url)
const BEGIN = '<!-- crash:begin -->'
const END = '<!-- crash:end -->'
const HEADING = '## Real processes'

/** Puts the figures between their two marks in docs/reliability.md; the page and the marks are made where they are missing. */
export async function writeDocs(lines: readonly string[], command: string): Promise<void> {
  const page = await readFile(FILE, 'utf8').catch(() => '# Reliability\n')
  const date = new Date().toISOString().slice(0, 10)
  const block = [
    BEGIN,
    '',
    `Written on ${date} by \`${command} --write\`.`,
    '',
    '```',
    ...lines,
    '```',
    '',
    END,
  ].join('\n')
  const from = page.indexOf(BEGIN)
  const until = page.indexOf(END)
  const marked = from >= 0 && until > from
  const next = marked
    ? page.slice(0, from) + block + page.slice(until + END.length)
    : `${page.trimEnd()}\n\n${HEADING}\n\n${PROSE}\n\n${block}\n`
  await writeFile(FILE, next)
}

const PROSE = `\`npm run test:crash\` runs Sidekey as real processes, with a file store, in front of the emulator, and an app whose
requests never stop (200 a second to each Sidekey, unless \`--rate\` says otherwise). A rotation is due every two seconds, so that each disturbance meets one. Each line is one disturbance: SIGKILL by the
named crash point, at a random time, a pause beyond the lease, a provider that loses, delays or refuses calls, somebody else in its dashboard, a full
disk, or a storm of several at once.

What the columns mean. _Converged_: from the death (or the end of the fault) until a newer secret than the one of that moment serves, a fresh standby is
live, and nothing else is; it includes the restart and the wait until the next rotation is due. _Failed_: requests that a Sidekey which was ready did
not answer well. Those on the wire when it was killed are counted apart, and while none is ready none are sent: a killed proxy does
interrupt its app. _Lost_: live secrets whose value is not in the decrypted record, looked for at each death before anything is restarted, and at each end.

The same checker as the simulation's reads the history of provider calls, record versions and failed requests, with these limits of what can be seen from outside:
which version a writer had read (part of I7) and what each replica had acknowledged (I6) can't be seen; instead of the latter, the provider's
journal shows that no revoked secret was used shortly before. All outputs, pages and files are searched for every secret. One store (files), one provider, one machine:
other stores have their contract tests.`
