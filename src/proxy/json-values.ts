/** One step of a pointer: a member or index, or every element of an array. */
export type PointerStep = { readonly key: string } | 'each'

/** RFC 6901, and `*` for every element of an array. */
export function parsePointer(pointer: string): readonly PointerStep[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) =>
      step === '*' ? 'each' : { key: step.replaceAll('~1', '/').replaceAll('~0', '~') },
    )
}

/**
 * What stands at a pointer, as text: one value, or one per element. Null stands for a value that is missing or is an
 * object; an empty array, and a `*` where there is no array, give nothing at all.
 */
export function jsonValues(
  root: unknown,
  steps: readonly PointerStep[],
): readonly (string | null)[] {
  const [step, ...rest] = steps
  if (step === undefined) return [textOf(root)]
  if (step === 'each') {
    return Array.isArray(root) ? root.flatMap((each) => jsonValues(each, rest)) : []
  }
  return jsonValues(memberOf(root, step.key), rest)
}

function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return Object.getOwnPropertyDescriptor(value, key)?.value
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
}
