import type { Values } from './render-chart.ts'

/** Values with one credential that somebody else rotates: nothing of it needs a store. */
export const STATIC: Values = {
  config: {
    credentials: {
      partner: { provider: 'static', current: { file: '/run/secrets/sidekey/partner' } },
    },
    routes: [
      {
        name: 'partner',
        match: { pathPrefix: '/partner' },
        upstream: 'https://api.partner.example',
        credential: 'partner',
        inject: { header: 'X-Api-Key', format: '{secret}' },
        authFailure: [{ status: 401 }],
      },
    ],
  },
  secrets: [{ file: 'partner', secret: 'my-partner', key: 'api-key' }],
}

/** Values with a credential that rotates, and all that this needs. */
export const ROTATING: Values = {
  config: {
    credentials: {
      vonage: {
        provider: 'vonage',
        // In YAML 1.2 a number, unless it is quoted.
        apiKey: '12e45678',
        secret: { file: '/run/secrets/sidekey/vonage' },
      },
    },
    routes: [{ preset: 'vonage', credential: 'vonage' }],
  },
  secrets: [{ file: 'vonage', secret: 'my-vonage', key: 'api-secret' }],
  storeKey: { secret: 'my-sidekey', key: 'store-key' },
  adminToken: { secret: 'my-sidekey', key: 'admin-token' },
  persistence: { enabled: true },
}

/** Everything that the chart can render, at once. */
export const EVERYTHING: Values = {
  ...ROTATING,
  deployment: {
    enabled: true,
    containers: [{ name: 'app', image: 'images.example/app:1' }],
    podLabels: { team: 'shop' },
    nodeSelector: { disk: 'ssd' },
  },
  podMonitor: { enabled: true, labels: { release: 'prometheus' } },
  networkPolicy: {
    enabled: true,
    metricsFrom: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }],
  },
}
