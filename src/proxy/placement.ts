import type { Injection, NamedTemplate } from '../kernel/route.ts'
import { canonicalName } from './hop-headers.ts'

/** A place where a credential may stand in a request, made ready for comparing. Its identity is a key of caches. */
export type Placement = HeaderPlacement | PairsPlacement

/** One header field: a named one, Basic or Bearer. */
export interface HeaderPlacement {
  readonly kind: 'header'
  readonly injection: Extract<Injection, { kind: 'header' | 'basic' | 'bearer' }>
  /** The name that is sent. */
  readonly name: string
  /** The name by which the caller's fields are compared. */
  readonly canonicalName: string
  /** Lower-case scheme and a space, where only such a value is this placement; empty where every value is. */
  readonly scheme: string
}

/** Parameters of the query, fields of a form, or members of a JSON object. */
export interface PairsPlacement {
  readonly kind: 'query' | 'form' | 'json'
  readonly pairs: readonly NamedTemplate[]
  readonly names: ReadonlySet<string>
}

export function compilePlacement(injection: Injection): Placement {
  switch (injection.kind) {
    case 'header':
      return header(injection, injection.name, '')
    case 'basic':
      return header(injection, 'Authorization', 'basic ')
    case 'bearer':
      return header(injection, 'Authorization', 'bearer ')
    case 'query':
      return pairs('query', injection.parameters)
    case 'form':
      return pairs('form', injection.fields)
    case 'json':
      return pairs('json', injection.members)
  }
}

function header(
  injection: HeaderPlacement['injection'],
  name: string,
  scheme: string,
): HeaderPlacement {
  return { kind: 'header', injection, name, canonicalName: canonicalName(name), scheme }
}

function pairs(kind: PairsPlacement['kind'], listed: readonly NamedTemplate[]): PairsPlacement {
  return { kind, pairs: listed, names: new Set(listed.map((pair) => pair.name)) }
}
