import { expect, test } from 'vitest'
import { describeWithTools } from '../../tools/describe-with-tools.ts'
import { ROTATING, STATIC } from './chart-values.ts'
import { only, refusalOf, renderChart, type Values } from './render-chart.ts'

describeWithTools('the chart refuses', ['helm-3', 'helm-4'], (path) => {
  const both = (values: Values) =>
    `${refusalOf(path('helm-3'), values)}\n---\n${refusalOf(path('helm-4'), values)}`

  test.each([
    ['two replicas', { workload: { replicas: 2, strategy: 'Recreate' } }, 'workload.replicas to 1'],
    [
      'a rolling update',
      { workload: { replicas: 1, strategy: 'RollingUpdate' } },
      'workload.strategy to Recreate',
    ],
    ['no volume', { persistence: { enabled: false } }, 'Set persistence.enabled'],
    ['no key for the store', { storeKey: {} }, 'openssl rand -base64 32'],
  ])('a rotation with %s, and says what to do', (_name, change, remedy) => {
    const values = { ...ROTATING, ...change }
    for (const said of both(values).split('---')) {
      expect(said).toContain('vonage would rotate')
      expect(said).toContain(remedy)
      expect(said).toContain('rotation: off')
    }
  })

  test('nothing of it once the rotation is off', () => {
    const { config } = ROTATING as { config: { credentials: { vonage: object } } }
    const vonage = { ...config.credentials.vonage, rotation: false }
    const off = { config: { ...config, credentials: { vonage } } }
    const workload = { replicas: 2, strategy: 'RollingUpdate' }
    const manifests = renderChart(path('helm-4'), {
      ...off,
      workload,
      deployment: { enabled: true },
    })
    expect(only(manifests, 'Deployment')['spec'].replicas).toBe(2)
    expect(only(manifests, 'ConfigMap')['data']['sidekey.yaml']).not.toContain('store')
  })

  test.each([
    ['an unknown key', { replicaCount: 1 }, 'replicaCount'],
    ['an unknown key inside', { image: { repo: 'x' } }, 'repo'],
    ['an unknown section of the configuration', { config: { credentails: {} } }, 'credentails'],
    [
      'an API key that is a number',
      { config: { credentials: { a: { provider: 'vonage', apiKey: 12_345_678 } } } },
      'apiKey',
    ],
    [
      'a secret in the values',
      { config: { credentials: { a: { provider: 'vonage', secret: 'hunter2hunter2' } } } },
      'secret',
    ],
    ['a store that does not exist yet', { config: { store: { type: 'redis' } } }, 'type'],
    ['a Secret without its key', { storeKey: { secret: 'my-sidekey' } }, 'storeKey'],
    [
      'a file that it mounts itself',
      { secrets: [{ file: 'store-key', secret: 'a', key: 'b' }] },
      'file',
    ],
    ['a path as a file', { secrets: [{ file: '../x', secret: 'a', key: 'b' }] }, 'file'],
    ['a volume for many pods', { persistence: { accessModes: ['ReadWriteMany'] } }, 'accessModes'],
    ['a mode that everybody may write', { secretsMode: 0o666 }, 'secretsMode'],
  ])('%s, by its schema, which names the key', (_name, values, key) => {
    for (const said of both(values).split('---')) {
      expect(said).toMatch(/schema/)
      expect(said).toContain(key)
      expect(said).not.toContain('hunter2')
    }
  })

  test.each([
    ['a sidecar without a configuration', { config: {} }, 'config.credentials is empty'],
    [
      'an admin port that the kubelet does not reach',
      { config: { ...(STATIC['config'] as object), admin: { listen: '127.0.0.1:9901' } } },
      'kubelet',
    ],
    [
      'a unix socket for the admin port',
      { config: { ...(STATIC['config'] as object), admin: { listen: 'unix:/run/a.sock' } } },
      'unix socket',
    ],
  ])('%s', (_name, change, reason) => {
    const values = { ...STATIC, ...change, deployment: { enabled: true } }
    for (const said of both(values).split('---')) expect(said).toContain(reason)
  })
})
