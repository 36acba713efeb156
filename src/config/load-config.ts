import { dirname, resolve } from 'node:path'
import { ConfigError, type ConfigIssue } from '../kernel/errors.ts'
import { CONFIG_FILE_MAX_BYTES } from '../kernel/limits.ts'
import { absolutePaths } from './absolute-paths.ts'
import { writtenIntoHeaders } from './check-injections.ts'
import { materialCredentials } from './material-credentials.ts'
import { checkListeners } from './check-listeners.ts'
import { checkRoutes } from './check-routes.ts'
import { checkContent } from './check-content.ts'
import { Findings } from './findings.ts'
import type { Catalog } from './provider-module.ts'
import { readLimitedFile } from './read-limited-file.ts'
import { checkEnvironment, checkSources, type Reference, referencesOf } from './references.ts'
import { Refusal } from './refusal.ts'
import { resolveCredentials } from './resolve-credentials.ts'
import { resolveRoutes } from './resolve-routes.ts'
import { privateKeys } from './private-keys.ts'
import { resolveSections } from './resolve-sections.ts'
import type { Environment } from './secret-source.ts'
import type { Credential, SidekeyConfig } from './types.ts'
import { readYaml } from './read-yaml.ts'

/** A configuration that can be used, and what is doubtful about it. */
export interface LoadedConfig {
  readonly config: SidekeyConfig
  readonly warnings: readonly ConfigIssue[]
  /** What the file said; it holds no secret. */
  readonly text: string
}

/**
 * Reads a configuration file and everything that it refers to. A relative path in it starts at the file's folder.
 * @throws ConfigError `configuration-invalid` with every error that was found, and no value of the file
 */
export async function loadConfig(
  file: string,
  catalog: Catalog,
  env: Environment,
): Promise<LoadedConfig> {
  const text = await readLimitedFile(file, CONFIG_FILE_MAX_BYTES)
  if (text instanceof Refusal) throw unreadable(text)
  return loadConfigText(text, file, catalog, env)
}

/** As `loadConfig`, of a text that was read from `file` before. */
export async function loadConfigText(
  text: string,
  file: string,
  catalog: Catalog,
  env: Environment,
): Promise<LoadedConfig> {
  const { config, references, findings } = interpret(text, catalog, dirname(resolve(file)))
  checkEnvironment(references, env, findings)
  await checkSources(references, env, findings)
  if (findings.errors.length > 0) throw new ConfigError(findings.errors)
  return { config, warnings: findings.warnings, text }
}

/**
 * Reads what a configuration says, and nothing that it refers to: for clients, which may not read the secrets.
 * @throws ConfigError `configuration-invalid` with every error that was found, and no value of the file
 */
export async function readConfigOnly(file: string, catalog: Catalog): Promise<SidekeyConfig> {
  const text = await readLimitedFile(file, CONFIG_FILE_MAX_BYTES)
  if (text instanceof Refusal) throw unreadable(text)
  const { config, findings } = interpret(text, catalog, dirname(resolve(file)))
  if (findings.errors.length > 0) throw new ConfigError(findings.errors)
  return config
}

/**
 * Reads the text of a configuration. Pure: variables are looked up, files are not. Relative paths stay as they are.
 * @throws ConfigError `configuration-invalid` with every error that was found, and no value of the file
 */
export function parseConfig(text: string, catalog: Catalog, env: Environment): SidekeyConfig {
  const { config, references, findings } = interpret(text, catalog, null)
  checkEnvironment(references, env, findings)
  if (findings.errors.length > 0) throw new ConfigError(findings.errors)
  return config
}

interface Interpreted {
  /** Without the parts that have errors. */
  readonly config: SidekeyConfig
  readonly references: readonly Reference[]
  readonly findings: Findings
}

function unreadable({ message, remedy }: Refusal): ConfigError {
  return new ConfigError([{ path: '', line: null, message, remedy }])
}

function interpret(text: string, catalog: Catalog, directory: string | null): Interpreted {
  const document = readYaml(text)
  const findings = new Findings((path) => document.lineOf(path))
  for (const { line, refusal } of document.syntaxErrors) findings.error([], refusal, line)
  const content = checkContent(document.content, findings)

  const sections = resolveSections(content, findings)
  const credentials = resolveCredentials(content.credentials, catalog, findings)
  const credentialIds = new Set(content.credentials.keys())
  const credentialsById = new Map(credentials.map((credential) => [credential.id, credential]))
  const context = { catalog, credentials: credentialsById, credentialIds, findings }
  const resolved = resolveRoutes(content.routes, context)
  const complete = resolved.length === content.routes.length
  checkListeners(sections, resolved, findings)
  const routes = checkRoutes(resolved, { proxy: sections.proxy, complete }, findings)
  if (sections.store === null && content.store === null) checkStore(credentials, findings)

  const inHeaders = writtenIntoHeaders(routes)
  const keys = privateKeys(routes)
  const config = absolutePaths(
    {
      ...sections,
      credentials: credentials.flatMap((credential) => {
        const privateKey = keys.get(credential.id)
        return [
          {
            ...credential,
            fitsHeader: inHeaders.has(credential.id),
            ...(privateKey !== undefined && { privateKey }),
          },
          ...materialCredentials(credential),
        ]
      }),
      routes,
    },
    directory,
  )
  const references = referencesOf(config, content.credentials)
  return { config, references, findings }
}

function checkStore(credentials: readonly Credential[], findings: Findings): void {
  if (credentials.every(({ rotation }) => rotation === null)) return
  findings.error(
    ['store'],
    new Refusal(
      'is missing, and a credential rotates',
      'add `store` with `directory` and `keyFile`, or say `rotation: off`',
    ),
  )
}
