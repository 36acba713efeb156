import { z } from 'zod'
import type { Catalog } from './provider-module.ts'
import { configSchema } from './schema.ts'

/** The JSON Schema (2020-12) of what a user may write, for editors. Composed of the modules of the catalog. */
export function configJsonSchema(catalog: Catalog): object {
  return z.toJSONSchema(configSchema(catalog), { io: 'input', target: 'draft-2020-12' })
}
