import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const project = (name: string, testTimeout: number, { isolate = true } = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: testTimeout,
    environment: 'node',
    isolate,
  },
})

export default defineConfig({
  test: {
    // More than Vitest's own one less than cores: what takes longest waits for processes and for clocks.
    maxWorkers: availableParallelism() + 1,
    projects: [
      // No module has state of its own and none is mocked, so files may share what they import: a third of the time.
      // The limits end a test that hangs; they are no measure of speed, since other work may fill the machine.
      project('unit', 30_000, { isolate: false }),
      project('architecture', 20_000, { isolate: false }),
      project('contract', 30_000),
      project('integration', 60_000),
      project('simulation', 300_000),
      project('e2e', 180_000),
    ],
  },
})
