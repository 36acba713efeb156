import { defineConfig } from 'vitest/config'

const project = (name: string, testTimeout: number, include = [`test/${name}/**/*.test.ts`]) => ({
  test: { name, include, testTimeout, hookTimeout: testTimeout, environment: 'node' },
})

export default defineConfig({
  test: {
    projects: [
      project('unit', 5_000),
      project('architecture', 20_000),
      project('contract', 30_000),
      project('integration', 60_000),
      project('simulation', 300_000),
      project('e2e', 180_000),
    ],
  },
})
