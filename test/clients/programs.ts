import { join } from 'node:path'
import { HERE, JAVA, VENV } from './places.ts'

/** A program of `node/`, on the Node that runs this. */
export function node(script: string, ...rest: readonly string[]): readonly string[] {
  return [process.execPath, join(HERE, 'node', script), ...rest]
}

/** A program of `python/`, in the environment with what it needs. */
export function python(script: string, ...rest: readonly string[]): readonly string[] {
  return [join(VENV, 'bin/python'), join(HERE, 'python', script), ...rest]
}

/** A part of Java's class path: `classes`, or a wildcard for jars. */
export function javaClasses(part: string): string {
  return join(JAVA, part)
}
