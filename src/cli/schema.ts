import { configJsonSchema } from '../config/json-schema.ts'
import type { Catalog } from '../config/provider-module.ts'
import type { CliIo } from './cli-io.ts'
import { EXIT_OK } from './exit-codes.ts'

/** `sidekey schema`: prints the JSON Schema of the configuration, for editors. */
export function runSchema(io: CliIo, catalog: Catalog): number {
  io.out(JSON.stringify(configJsonSchema(catalog), null, 2))
  return EXIT_OK
}
