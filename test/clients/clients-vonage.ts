import { delimiter } from 'node:path'
import type { Client, Run } from './client.ts'
import { javaClasses, node, python } from './programs.ts'
import { APPLICATION_ID } from './world-config.ts'
import { mavenVersion, npmPackage, pipVersion } from './versions.ts'

const COMMON = { calls: ['balance', 'sms', 'voice'], tokenCalls: ['voice'] } as const

/** The account's own SDKs, of several years and languages. */
export const VONAGE_CLIENTS: readonly Client[] = [
  nodeSdk('@vonage/server-sdk', ['base URL', 'own listener', 'CONNECT']),
  nodeSdk('vonage-3-1', ['base URL', 'own listener', 'CONNECT']),
  {
    ...COMMON,
    name: npmPackage('vonage-2'),
    runtime: 'Node',
    ways: ['CONNECT'],
    told: 'nothing',
    command: (run) => node('vonage-2.mjs', ...identity(run)),
  },
  {
    ...COMMON,
    name: `Vonage SDK ${pipVersion('vonage')}`,
    runtime: 'Python',
    ways: ['CONNECT'],
    told: 'nothing',
    command: (run) => python('vonage_sdk.py', ...identity(run)),
  },
  {
    ...COMMON,
    name: `Vonage SDK ${mavenVersion('server-sdk')}`,
    runtime: 'Java',
    ways: ['base URL', 'own listener', 'forward proxy', 'CONNECT'],
    told: '`restBaseUri`, `apiBaseUri`; for a proxy `proxy`',
    command: (run) => {
      const path = ['classes', 'lib/*'].map((name) => javaClasses(name)).join(delimiter)
      return ['java', '-cp', path, 'VonageSdk', ...identity(run), ...hosts(run)]
    },
  },
]

function nodeSdk(alias: string, ways: Client['ways']): Client {
  return {
    ...COMMON,
    name: npmPackage(alias),
    runtime: 'Node',
    ways,
    told: '`restHost`, `apiHost`; for a proxy nothing',
    command: (run) => node('vonage.mjs', alias, ...identity(run), ...hosts(run)),
  }
}

/** The call, and what it takes for a token: an application, and a key that is none of its. */
function identity({ call, world }: Run): readonly string[] {
  return [call, APPLICATION_ID, world.files.dummyKey]
}

/** Over CONNECT an SDK keeps its own hosts. */
function hosts({ way, target }: Run): readonly string[] {
  return way === 'CONNECT' ? [] : [target.urls.rest, target.urls.api]
}
