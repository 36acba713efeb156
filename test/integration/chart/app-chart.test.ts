import { beforeAll, expect, test } from 'vitest'
import { describeWithTools } from '../../tools/describe-with-tools.ts'
import { appChartOfReadme, only, renderChart, renderText, type Values } from './render-chart.ts'

describeWithTools("an app's chart, as README.md shows it", ['helm-3', 'helm-4'], (path) => {
  let app: string
  beforeAll(() => {
    app = appChartOfReadme(path('helm-4'))
  })

  test('includes the sidecar, its volumes, its environment and its workload', () => {
    const manifests = renderChart(path('helm-4'), {}, app)
    const deployment = only(manifests, 'Deployment')
    expect(deployment).toMatchObject({
      metadata: { name: 'app' },
      spec: { replicas: 1, strategy: { type: 'Recreate' } },
    })
    const { metadata, spec } = deployment['spec'].template
    expect(metadata.labels).toEqual({ app: 'app', 'sidekey.dev/config': 'shop-sidekey' })
    expect(metadata.annotations['sidekey.dev/config-hash']).toMatch(/^[0-9a-f]{16}$/)
    // Otherwise the kubelet opens the store to the group at each start, and Sidekey refuses it.
    expect(spec.securityContext.fsGroupChangePolicy).toBe('OnRootMismatch')
    // The version is the sidecar's, not the app's.
    expect(spec.initContainers).toMatchObject([
      { name: 'sidekey', image: 'images.example/sidekey:0.1.0', restartPolicy: 'Always' },
    ])
    expect(spec.containers[0].env).toEqual([
      { name: 'SIDEKEY_URL', value: 'http://127.0.0.1:8080' },
      { name: 'SIDEKEY_URL_VONAGE', value: 'http://127.0.0.1:8080/vonage' },
    ])
  })

  test('mounts what the dependency renders', () => {
    const manifests = renderChart(path('helm-4'), {}, app)
    const { volumes } = only(manifests, 'Deployment')['spec'].template.spec
    const configMap = only(manifests, 'ConfigMap').metadata.name
    const claim = only(manifests, 'PersistentVolumeClaim').metadata.name
    expect(volumes).toContainEqual({ name: 'sidekey-config', configMap: { name: configMap } })
    expect(volumes).toContainEqual({
      name: 'sidekey-store',
      persistentVolumeClaim: { claimName: claim },
    })
  })

  test('renders alike under both helms', () => {
    expect(renderText(path('helm-4'), {}, app)).toBe(renderText(path('helm-3'), {}, app))
  })

  test('a changed configuration changes the hash that replaces the pod', () => {
    const hash = (values: Values) =>
      only(renderChart(path('helm-4'), values, app), 'Deployment')['spec'].template.metadata
        .annotations['sidekey.dev/config-hash']
    const changed = { sidekey: { config: { log: { level: 'debug' } } } }
    expect(hash(changed)).not.toBe(hash({}))
  })
})
