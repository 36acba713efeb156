import { delimiter } from 'node:path'
import type { Client, Run } from './client.ts'
import { javaClasses, node, python } from './programs.ts'
import { mavenVersion, npmPackage, pipVersion } from './versions.ts'

const CALLS = ['balance', 'sms']

/** The account's own SDKs, of several years and languages. */
export const VONAGE_CLIENTS: readonly Client[] = [
  nodeSdk('@vonage/server-sdk', ['base URL', 'own listener', 'CONNECT']),
  nodeSdk('vonage-3-1', ['base URL', 'own listener', 'CONNECT']),
  {
    name: npmPackage('vonage-2'),
    runtime: 'Node',
    calls: CALLS,
    ways: ['CONNECT'],
    told: 'nothing',
    command: ({ call }) => node('vonage-2.mjs', call),
  },
  {
    name: `Vonage SDK ${pipVersion('vonage')}`,
    runtime: 'Python',
    calls: CALLS,
    ways: ['CONNECT'],
    told: 'nothing',
    command: ({ call }) => python('vonage_sdk.py', call),
  },
  {
    name: `Vonage SDK ${mavenVersion('server-sdk')}`,
    runtime: 'Java',
    calls: CALLS,
    ways: ['base URL', 'own listener', 'forward proxy', 'CONNECT'],
    told: '`restBaseUri`, `apiBaseUri`; for a proxy `proxy`',
    command: (run) => {
      const path = ['classes', 'lib/*'].map((name) => javaClasses(name)).join(delimiter)
      return ['java', '-cp', path, 'VonageSdk', run.call, ...hosts(run)]
    },
  },
]

function nodeSdk(alias: string, ways: Client['ways']): Client {
  return {
    name: npmPackage(alias),
    runtime: 'Node',
    calls: CALLS,
    ways,
    told: '`restHost`, `apiHost`; for a proxy nothing',
    command: (run) => node('vonage.mjs', alias, run.call, ...hosts(run)),
  }
}

/** Over CONNECT an SDK keeps its own hosts. */
function hosts({ way, target }: Run): readonly string[] {
  return way === 'CONNECT' ? [] : [target.urls.rest, target.urls.api]
}
