import { defineConfig } from 'rolldown'
import { collectLicences } from './collect-licences.ts'
import { escapeText } from './escape-text.ts'
import { inlineLlhttp } from './inline-llhttp.ts'
import { listMaterials } from './list-materials.ts'

/**
 * `npm run build`: one program that needs nothing but Node, for the image and the npm package. What only some commands
 * or configurations need is in parts of its own, which others neither read nor keep in memory. Names are kept, since
 * errors and stack traces are what an operator sees of them.
 */
export default defineConfig({
  input: { sidekey: 'src/main.ts' },
  platform: 'node',
  // The demo's app is the only user of the official SDK; it belongs to a clone, not to the product.
  external: [/^@vonage\//],
  plugins: [inlineLlhttp(), escapeText(), collectLicences(), listMaterials()],
  output: {
    dir: 'dist',
    cleanDir: true,
    entryFileNames: '[name].mjs',
    format: 'es',
    chunkFileNames: 'parts/[name]-[hash].mjs',
    minify: true,
    keepNames: true,
  },
})
