import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const DOCKERFILE = resolve(import.meta.dirname, '../Dockerfile')

/** The flags of the image's entry point, for what is measured as it runs in production. */
export function imageFlags(): readonly string[] {
  const [, line] = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(DOCKERFILE, 'utf8')) ?? []
  if (line === undefined) throw new Error('the Dockerfile has no ENTRYPOINT that is a list')
  return (JSON.parse(line) as string[]).filter((word) => word.startsWith('--'))
}
