import { createRequire } from 'node:module'
import type { Plugin } from 'rolldown'

const SPECIFIER = 'undici/lib/llhttp/llhttp-wasm.js'
const VIRTUAL = '\0llhttp'

/**
 * Gives the bundle llhttp's bytes as a module of its own. The one in undici's package is CommonJS, whose exports the
 * bundler would copy property by property: 54,000 of them, 12 MB of heap.
 */
export function inlineLlhttp(): Plugin {
  return {
    name: 'inline-llhttp',
    resolveId: (source) => (source === SPECIFIER ? VIRTUAL : null),
    load: (id) => {
      if (id !== VIRTUAL) return null
      const bytes = createRequire(import.meta.url)(SPECIFIER) as Buffer
      return `export default Buffer.from('${bytes.toString('base64')}', 'base64')`
    },
  }
}
