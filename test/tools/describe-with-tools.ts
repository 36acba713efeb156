import { describe, test } from 'vitest'
import { INSTALL, findTool, inCi, missingTools, type Tool } from './find-tool.ts'

/**
 * A group of tests that drives real tools. Where one is missing, the group appears in the report under a name that says
 * `not run` and why, and counts as skipped; in CI it fails instead.
 */
export function describeWithTools(
  name: string,
  tools: readonly Tool[],
  define: (path: (tool: Tool) => string) => void,
): void {
  const missing = missingTools(tools)
  if (missing.length === 0) return void describe(name, () => define(pathOf))
  const label = `${name} (not run: no ${missing.join(', ')} here; ${INSTALL})`
  console.warn(`not run: ${name}: no ${missing.join(', ')} here; ${INSTALL}`)
  describe.runIf(inCi)(label, () => {
    test('the tools are installed', () => {
      throw new Error(`CI lacks ${missing.join(', ')}: ${INSTALL}`)
    })
  })
}

function pathOf(tool: Tool): string {
  const path = findTool(tool)
  if (path === null) throw new Error(`${tool} has gone: ${INSTALL}`)
  return path
}
