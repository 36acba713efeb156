import { readFile, writeFile } from 'node:fs/promises'
import type { MutantVerdict } from './campaign.ts'
import type { Figures } from './figures.ts'
import { describeFigures, describeMutants } from './report.ts'

const FILE = new URL('../../docs/reliability.md', import.meta.url)
const BEGIN = '<!-- figures: written by `npm run sim` -->'
const END = '<!-- /figures -->'
const EMPTY = `# Reliability\n\n${BEGIN}\n${END}\n`

/** Puts the figures between the two marks of docs/reliability.md, which is made when it is missing. */
export async function writeFigures(figures: {
  readonly seeds: Figures
  readonly hostile: Figures
  readonly singles: Figures
  readonly pairs: Figures
  readonly production: Figures
  readonly mutants: readonly MutantVerdict[]
}): Promise<void> {
  const page = await readFile(FILE, 'utf8').catch(() => EMPTY)
  const from = page.indexOf(BEGIN)
  const until = page.indexOf(END)
  if (from < 0 || until < from) throw new Error('docs/reliability.md has no marks for the figures')
  const block = [
    ...section('Random faults', figures.seeds),
    ...section('Random faults, and somebody else at the account', figures.hostile),
    ...section('One fault at every call', figures.singles),
    ...section('Two faults at two calls', figures.pairs),
    ...section('No fault, the pace of production', figures.production),
    ...(figures.mutants.length === 0
      ? []
      : ['### Mutants', '', '```', ...describeMutants(figures.mutants), '```', '']),
  ].join('\n')
  await writeFile(FILE, `${page.slice(0, from)}${BEGIN}\n\n${block}\n${page.slice(until)}`)
}

function section(title: string, figures: Figures): readonly string[] {
  if (figures.seeds === 0) return []
  return [`### ${title}`, '', '```', ...describeFigures(figures), '```', '']
}
