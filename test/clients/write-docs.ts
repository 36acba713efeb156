import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HERE } from './places.ts'
import type { Result } from './run-client.ts'
import type { Runtimes } from './runtimes.ts'
import { compactTable, countsOf, wayTable } from './tables.ts'

const START = '<!-- written by npm run test:clients -- --write -->'
const END = '<!-- end of what is written -->'

/**
 * Replaces what stands between the markers in README.md and docs/ways-in.md.
 * @returns the files
 * @throws Error where a file has no markers
 */
export function writeDocs(
  results: readonly Result[],
  runtimes: Runtimes,
  seconds: number,
): readonly string[] {
  const { passed, failed } = countsOf(results, results)
  const date = new Date().toISOString().slice(0, 10)
  const counts = `${date}: ${passed} passed, ${failed} failed, in ${seconds} s.`
  replace('README.md', `${compactTable(results, runtimes)}\n\n${counts}`)
  replace('docs/ways-in.md', `${counts}\n\n${wayTable(results, runtimes)}`)
  return ['README.md', 'docs/ways-in.md']
}

function replace(name: string, content: string): void {
  const file = join(HERE, '../..', name)
  const text = readFileSync(file, 'utf8')
  const [start, end] = [text.indexOf(START), text.indexOf(END)]
  if (start < 0 || end < start) throw new Error(`${name} has no markers`)
  const before = text.slice(0, start + START.length)
  writeFileSync(file, `${before}\n${content}\n${text.slice(end)}`)
}
