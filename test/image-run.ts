import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const DOCKERFILE = resolve(import.meta.dirname, '../Dockerfile')

/** The flags of the image's entry point, for what is measured as it runs in production. */
export function imageFlags(): readonly string[] {
  const words = JSON.parse(found(/^ENTRYPOINT (\[.*\])$/m, 'ENTRYPOINT that is a list')) as string[]
  return words.filter((word) => word.startsWith('--'))
}

/** The image's variables, but for `PATH`. */
export function imageEnvironment(): Readonly<Record<string, string>> {
  const lines = found(/^ENV ((?:.*\\\n)*.*)$/m, 'ENV')
  const pairs = [...lines.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [
    name,
    value,
  ])
  return Object.fromEntries(pairs.filter(([name]) => name !== 'PATH')) as Record<string, string>
}

function found(pattern: RegExp, what: string): string {
  const [, text] = pattern.exec(readFileSync(DOCKERFILE, 'utf8')) ?? []
  if (text === undefined) throw new Error(`the Dockerfile has no ${what}`)
  return text
}
