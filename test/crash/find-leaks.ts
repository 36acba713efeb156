import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import type { SecretValue } from '../../src/kernel/secret-value.ts'
import { secretForms } from '../../src/telemetry/secret-forms.ts'
import type { SidekeyHome, SidekeyProcess } from '../e2e/sidekey-process.ts'

const PAGES = ['/metrics', '/api/credentials', '/']

/** What a Sidekey shows to those who ask it: metrics, status page, admin API. */
export async function readPages(sidekey: SidekeyProcess): Promise<string> {
  const headers = { authorization: `Bearer ${sidekey.home.token}` }
  const pages = PAGES.map(async (path) =>
    (await request(sidekey.admin + path, { headers })).body.text(),
  )
  return (await Promise.all(pages)).join('\n')
}

/** Names of the texts that hold a secret in any form. */
export function findLeaks(
  texts: Readonly<Record<string, string>>,
  secrets: readonly SecretValue[],
): readonly string[] {
  const forms = secrets.flatMap((secret) => secretForms(secret))
  return Object.entries(texts).flatMap(([name, text]) =>
    forms.some((form) => text.includes(form)) ? [name] : [],
  )
}

/** The files of a home, but for the sealed store's and the one where the operator put the first secret. */
export function filesOf(home: SidekeyHome): Readonly<Record<string, string>> {
  const files = readdirSync(home.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => path !== home.path('vonage-secret'))
  return Object.fromEntries(files.map((path) => [path, readFileSync(path, 'latin1')]))
}
