import type { Plugin } from 'rolldown'

/**
 * Writes the few characters beyond ASCII as escapes: one character beyond Latin-1 makes V8 keep the whole source in two
 * bytes per character, for as long as the process lives.
 */
export function escapeText(): Plugin {
  return {
    name: 'escape-text',
    generateBundle: (_options, bundle) => {
      for (const part of Object.values(bundle)) {
        if (part.type === 'chunk') part.code = part.code.replaceAll(/[\u0080-\uffff]/g, escape_)
      }
    },
  }
}

function escape_(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
