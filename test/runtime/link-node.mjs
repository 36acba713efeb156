// Runs before the npm scripts that somebody starts with, on whatever Node is there. npm 10, which Node 20 brings, links
// node_modules/.bin/node to the pinned Node and takes the link away again when it gives up the packages for other systems.
import { existsSync, symlinkSync } from 'node:fs'

const pinned = `node-${process.platform}-${process.arch}/bin/node`
const link = 'node_modules/.bin/node'

if (existsSync(`node_modules/${pinned}`) && !existsSync(link)) {
  try {
    symlinkSync(`../${pinned}`, link)
  } catch (error) {
    // Another script was quicker.
    if (error.code !== 'EEXIST') throw error
  }
}
