import { unreachable } from '../kernel/errors.ts'
import type { Variables } from './client-environment.ts'

/** How variables can be printed, by the name of the option. */
export type VariableFormat = 'shell' | 'json' | 'k8s' | 'compose'

/** Writes variables: a line each for a POSIX shell, JSON, `env` of a container in a pod, or `environment` in a compose file. */
export function writeVariables(variables: Variables, format: VariableFormat): string {
  const entries = Object.entries(variables)
  switch (format) {
    case 'json':
      return JSON.stringify(variables, null, 2)
    case 'shell':
      return entries.map(([name, value]) => `export ${name}=${quoted(value)}`).join('\n')
    case 'k8s':
      return entries.map(([name, value]) => `- name: ${name}\n  value: ${inYaml(value)}`).join('\n')
    case 'compose':
      return [
        'environment:',
        ...entries.map(([name, value]) => `  ${name}: ${inYaml(value)}`),
      ].join('\n')
    default:
      return unreachable(format)
  }
}

/** One word for every POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** Pods and compose files both replace `$(NAME)` or `$NAME`, and read `$$` as `$`. */
function inYaml(text: string): string {
  return JSON.stringify(text.replaceAll('$', '$$$$'))
}
