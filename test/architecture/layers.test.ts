import { expect, test } from 'vitest'
import { type ImportEdge, importEdges, sourceFiles } from './source-files.ts'

/**
 * Who may import whom, inside `src`. The table is the documentation: what is not named is forbidden.
 * A layer is the longest prefix that fits.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/kernel/': ['src/kernel/'],
  'src/proxy/': ['src/kernel/', 'src/proxy/'],
  'src/rotation/': ['src/kernel/', 'src/rotation/'],
  // How Sidekey calls servers itself; whom, and why, it does not know.
  'src/calls/': ['src/kernel/', 'src/calls/'],
  'src/providers/vonage/': ['src/kernel/', 'src/providers/rest/', 'src/providers/vonage/'],
  'src/providers/static/': ['src/kernel/', 'src/providers/static/'],
  // What their calls have in common; it knows none of them.
  'src/providers/rest/': ['src/kernel/', 'src/calls/', 'src/providers/rest/'],
  'src/providers/okta/': ['src/kernel/', 'src/providers/rest/', 'src/providers/okta/'],
  'src/providers/twilio/': ['src/kernel/', 'src/providers/rest/', 'src/providers/twilio/'],
  'src/providers/http/': ['src/kernel/', 'src/providers/rest/', 'src/providers/http/'],
  // What is computed over a request: pure, without connections.
  'src/signers/': ['src/kernel/', 'src/signers/'],
  // Where secrets are read from; one of them authenticates by a signature.
  'src/sources/': ['src/kernel/', 'src/calls/', 'src/sources/', 'src/signers/sigv4/'],
  // Exchanges secrets for tokens, by a call like those of the providers.
  'src/tokens/': ['src/kernel/', 'src/providers/rest/', 'src/tokens/'],
  'src/stores/': ['src/kernel/', 'src/stores/'],
  'src/authority/': ['src/kernel/', 'src/authority/'],
  'src/telemetry/': ['src/kernel/', 'src/telemetry/'],
  'src/admin/': ['src/kernel/', 'src/admin/'],
  // It says at the start what is no private key, and of what a provider is made.
  'src/config/': [
    'src/kernel/',
    'src/config/',
    'src/signers/jwt/private-key.ts',
    'src/calls/connections.ts',
  ],
  'src/platform/': ['src/kernel/', 'src/platform/'],
  'src/emulator/': ['src/kernel/', 'src/emulator/'],
  'src/cli/': ['src/'],
  'src/catalog.ts': ['src/config/', 'src/providers/', 'src/kernel/'],
  'src/version.ts': [],
  'src/wiring/': ['src/'],
  'src/sidecar.ts': ['src/'],
  'src/main.ts': ['src/'],
}

/** What the kernel and the planes may take from outside; adapters choose their own libraries. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  'src/kernel/': /^$/,
  'src/proxy/':
    /^(node:(events|http|http2|net|tls|stream|stream\/promises|zlib|crypto|buffer|fs|fs\/promises|dns|util)|undici\/lib\/llhttp\/llhttp-wasm\.js|lru-cache)$/,
  'src/rotation/': /^$/,
}

function layerOf(path: string): string | undefined {
  return Object.keys(MAY_IMPORT)
    .filter((layer) => path.startsWith(layer))
    .toSorted((a, b) => b.length - a.length)[0]
}

function breaks(edge: ImportEdge): string | null {
  const layer = layerOf(edge.from)
  if (layer === undefined) return `${edge.from} belongs to no layer`
  if (edge.to.startsWith('src/')) {
    const allowed = MAY_IMPORT[layer]?.some((prefix) => edge.to.startsWith(prefix))
    return allowed ? null : `${edge.from} must not import ${edge.to}`
  }
  if (edge.to === '<computed>') return `${edge.from} imports something computed`
  const packages = PACKAGES[layer]
  return packages === undefined || packages.test(edge.to)
    ? null
    : `${edge.from} must not import ${edge.to}`
}

test('every import in src stays within the walls', () => {
  const files = sourceFiles('src')
  const edges = files.flatMap((file) => importEdges(file))
  // A green run that has seen nothing proves nothing.
  expect(files.length).toBeGreaterThan(10)
  expect(edges.length).toBeGreaterThan(10)
  expect(edges.map(breaks).filter((found) => found !== null)).toEqual([])
})

test.each([
  ['a static import', "import { x } from '../rotation/plan.ts'"],
  ['a type import', "import type { X } from '../rotation/plan.ts'"],
  ['a re-export', "export { x } from '../rotation/plan.ts'"],
  ['a dynamic import', "const x = await import('../rotation/plan.ts')"],
  ['a computed import', 'const x = await import(name)'],
  ['an adapter', "import { y } from '../stores/record-codec.ts'"],
])('a seeded break is found: %s', (_name, text) => {
  const found = importEdges({ path: 'src/proxy/seeded.ts', text }).map(breaks)
  expect(found.filter((rule) => rule !== null)).toHaveLength(1)
})

test('the kernel imports no package, not even a type', () => {
  const [edge] = importEdges({ path: 'src/kernel/seeded.ts', text: "import 'node:fs'" })
  expect(edge && breaks(edge)).toBe('src/kernel/seeded.ts must not import node:fs')
})
