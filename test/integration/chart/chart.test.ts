import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeWithTools } from '../../tools/describe-with-tools.ts'
import { EVERYTHING, ROTATING, STATIC } from './chart-values.ts'
import { only, renderChart, renderText, runHelm, type Values } from './render-chart.ts'

for (const tool of ['helm-3', 'helm-4'] as const) {
  describeWithTools(`the chart under ${tool}`, [tool], (path) => {
    const helm = path(tool)

    test.each([
      ['its own values', {}],
      ['a credential that somebody else rotates', STATIC],
      ['everything', EVERYTHING],
    ])('lints strictly with %s', (_name, values) => {
      const linted = runHelm(helm, ['lint', '--strict', '.', '--values', '-'], values)
      expect(linted).toMatchObject({ code: 0 })
      expect(linted.stdout).toContain('1 chart(s) linted, 0 chart(s) failed')
    })

    test('renders nothing that runs from its own values', () => {
      expect(renderChart(helm, {})).toEqual([])
    })

    test('renders each object once when everything is on', () => {
      const kinds = renderChart(helm, EVERYTHING).map((manifest) => manifest.kind)
      expect(kinds.toSorted()).toEqual([
        'ConfigMap',
        'Deployment',
        'NetworkPolicy',
        'PersistentVolumeClaim',
        'PodMonitor',
        'ServiceAccount',
      ])
    })

    test('runs as a native sidecar that starts before the app', () => {
      const { spec } = only(renderChart(helm, EVERYTHING), 'Deployment')['spec'].template
      expect(spec.initContainers).toMatchObject([{ name: 'sidekey', restartPolicy: 'Always' }])
      expect(spec.containers).toMatchObject([{ name: 'app' }])
    })

    test('runs the command of the image, but for the heap', () => {
      const commandWith = (values: Values): unknown =>
        only(renderChart(helm, { ...EVERYTHING, ...values }), 'Deployment')['spec'].template.spec
          .initContainers[0].command
      expect(commandWith({})).toBeUndefined()
      // As in an upgrade with --reuse-values from a chart without the key.
      expect(commandWith({ heapMiB: null })).toBeUndefined()
      const dockerfile = readFileSync('Dockerfile', 'utf8')
      const entrypoint = /^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1] ?? ''
      const larger = entrypoint.replace('--max-old-space-size=64', '--max-old-space-size=256')
      expect(commandWith({ heapMiB: 256 })).toEqual(JSON.parse(larger))
      expect(larger).not.toBe(entrypoint)
    })

    test('is an ordinary container where native sidecars are off', () => {
      const values = { ...EVERYTHING, sidecar: { native: false } }
      const { spec } = only(renderChart(helm, values), 'Deployment')['spec'].template
      expect(spec.initContainers).toBeUndefined()
      expect(spec.containers).toMatchObject([{ name: 'sidekey' }, { name: 'app' }])
      expect(spec.containers[0].restartPolicy).toBeUndefined()
    })

    test('is locked down', () => {
      const { spec } = only(renderChart(helm, EVERYTHING), 'Deployment')['spec'].template
      expect(spec).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { fsGroup: 65532 },
      })
      expect(spec.initContainers[0].securityContext).toEqual({
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      })
    })

    test('probes the admin port, and the monitor scrapes it by its name', () => {
      const manifests = renderChart(helm, EVERYTHING)
      const [sidekey] = only(manifests, 'Deployment')['spec'].template.spec.initContainers
      expect(sidekey.ports).toEqual([{ name: 'sidekey-admin', containerPort: 9901 }])
      expect(sidekey).toMatchObject({
        startupProbe: { httpGet: { path: '/startupz', port: 'sidekey-admin' } },
        livenessProbe: { httpGet: { path: '/livez', port: 'sidekey-admin' } },
        readinessProbe: { httpGet: { path: '/readyz', port: 'sidekey-admin' } },
      })
      const monitor = only(manifests, 'PodMonitor')['spec']
      expect(monitor.podMetricsEndpoints).toMatchObject([
        { port: 'sidekey-admin', path: '/metrics' },
      ])
    })

    test('the ports follow the configuration', () => {
      const config = { ...(EVERYTHING['config'] as object), admin: { listen: '[::]:9999' } }
      const manifests = renderChart(helm, { ...EVERYTHING, config })
      const [sidekey] = only(manifests, 'Deployment')['spec'].template.spec.initContainers
      expect(sidekey.ports).toEqual([{ name: 'sidekey-admin', containerPort: 9999 }])
      const [rule] = only(manifests, 'NetworkPolicy')['spec'].ingress
      expect(rule.ports).toEqual([{ port: 9999, protocol: 'TCP' }])
    })

    test('monitor, policy and Deployment select the same pods', () => {
      const manifests = renderChart(helm, EVERYTHING)
      const label = { 'sidekey.dev/config': 'shop-sidekey' }
      const deployment = only(manifests, 'Deployment')['spec']
      expect(deployment.selector.matchLabels).toEqual(label)
      expect(deployment.template.metadata.labels).toEqual({ ...label, team: 'shop' })
      expect(only(manifests, 'PodMonitor')['spec'].selector.matchLabels).toEqual(label)
      expect(only(manifests, 'NetworkPolicy')['spec'].podSelector.matchLabels).toEqual(label)
    })

    test('mounts each secret as one file, by the name of an existing Secret', () => {
      const { spec } = only(renderChart(helm, EVERYTHING), 'Deployment')['spec'].template
      const volume = spec.volumes.find(({ name }: { name: string }) => name === 'sidekey-secrets')
      expect(volume.projected.defaultMode).toBe(0o440)
      const item = (name: string, key: string, file: string) => ({
        secret: { name, items: [{ key, path: file }] },
      })
      expect(volume.projected.sources).toEqual([
        item('my-vonage', 'api-secret', 'vonage'),
        item('my-sidekey', 'admin-token', 'admin-token'),
        item('my-sidekey', 'store-key', 'store-key'),
      ])
    })

    test('keeps the claim, and lets one pod mount it', () => {
      const claim = only(renderChart(helm, ROTATING), 'PersistentVolumeClaim')
      expect(claim.metadata).toMatchObject({
        name: 'shop-sidekey-store',
        annotations: { 'helm.sh/resource-policy': 'keep' },
      })
      expect(claim['spec'].accessModes).toEqual(['ReadWriteOncePod'])
    })

    test('uses a claim of yours, and renders none', () => {
      const persistence = { enabled: true, existingClaim: 'mine' }
      const manifests = renderChart(helm, { ...EVERYTHING, persistence })
      expect(manifests.map(({ kind }) => kind)).not.toContain('PersistentVolumeClaim')
      expect(only(manifests, 'Deployment')['spec'].template.spec.volumes).toContainEqual({
        name: 'sidekey-store',
        persistentVolumeClaim: { claimName: 'mine' },
      })
    })

    test('any number of replicas may roll where nothing rotates', () => {
      const workload = { replicas: 3, strategy: 'RollingUpdate' }
      const values = { ...STATIC, workload, deployment: { enabled: true } }
      const { spec } = only(renderChart(helm, values), 'Deployment')
      expect(spec).toMatchObject({ replicas: 3, strategy: { type: 'RollingUpdate' } })
    })
  })
}

describeWithTools('both helms', ['helm-3', 'helm-4'], (path) => {
  test.each([
    ['its own values', {}],
    ['a static credential', STATIC],
    ['everything', EVERYTHING],
  ])('render %s alike, byte by byte', (_name, values) => {
    expect(renderText(path('helm-4'), values)).toBe(renderText(path('helm-3'), values))
  })
})
