import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'

const ROOT = join(import.meta.dirname, '../..')
const read = (file: string): unknown => JSON.parse(readFileSync(join(ROOT, file), 'utf8'))

const manifest = z
  .object({
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
    scripts: z.record(z.string(), z.string()),
  })
  .parse(read('package.json'))

const { packages } = z
  .object({
    packages: z.record(
      z.string(),
      z.object({
        version: z.string().optional(),
        dev: z.boolean().optional(),
        link: z.boolean().optional(),
        integrity: z.string().optional(),
        resolved: z.string().optional(),
        hasInstallScript: z.boolean().optional(),
        inBundle: z.boolean().optional(),
      }),
    ),
  })
  .parse(read('package-lock.json'))

/** Everything that is fetched: neither the project itself nor a folder of it. */
const fetched = Object.entries(packages).filter(
  ([path, { link }]) => path.includes('node_modules/') && link !== true,
)

test('at most ten packages are named for run time', () => {
  expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(10)
})

test('every package is pinned to one version', () => {
  const all = { ...manifest.dependencies, ...manifest.devDependencies }
  const loose = Object.entries(all).filter(([, range]) => !/^(\d+\.\d+\.\d+|file:.+)$/.test(range))
  expect(loose.map(([name]) => name)).toEqual([])
})

test('no package runs a script when it is installed, and neither does this one', () => {
  expect(fetched.length).toBeGreaterThan(50)
  const scripted = fetched.filter(([, { hasInstallScript }]) => hasInstallScript === true)
  expect(scripted.map(([path]) => path)).toEqual([])
  const own = Object.keys(manifest.scripts).filter((name) =>
    /^(pre|post)?(install|prepare|pack)$/.test(name),
  )
  expect(own).toEqual([])
})

test('every package has its hash in the lockfile', () => {
  const without = fetched.filter(
    ([, entry]) => entry.inBundle !== true && entry.integrity?.startsWith('sha512-') !== true,
  )
  expect(without.map(([path]) => path)).toEqual([])
})

test('the lockfile names no place that a package comes from', () => {
  const placed = fetched.filter(([, { resolved }]) => resolved !== undefined)
  expect(placed.map(([path]) => path)).toEqual([])
})
