import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { type HttpOptions, httpKeys } from '../../src/providers/http/keys.ts'

const fileSchema = z.object({
  credentials: z.record(z.string(), z.looseObject({ account: z.string(), api: z.unknown() })),
})

/** A credential of `config/http-provider.yaml`, with every host of it replaced by an emulator's. Nothing else is changed. */
export function httpExample(name: 'sms' | 'mail', account: string, url: string): HttpOptions {
  const text = readFileSync('config/http-provider.yaml', 'utf8')
  const moved = text.replaceAll(/baseUrl: https:\/\/\S+/g, `baseUrl: ${url}`)
  const { api } = fileSchema.parse(parse(moved)).credentials[name] ?? {}
  return httpKeys.parse({ account, api })
}
