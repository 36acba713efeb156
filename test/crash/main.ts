import { runCampaign } from './campaign.ts'
import { readOptions, USAGE } from './options.ts'
import { describeCommand, describeResult, describeRun, sumUp } from './report.ts'
import { writeDocs } from './write-docs.ts'

// A run that is broken off leaves no Sidekey behind: `Replica` ends its own at the exit.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const startedAtMs = Date.now()
const options = readOptions(process.argv.slice(2), startedAtMs)
if (options === null) console.log(USAGE)
else {
  console.error(describeCommand(options))
  const results = await runCampaign(options, (result) => {
    const atSeconds = String(Math.round((Date.now() - startedAtMs) / 1000)).padStart(4)
    console.error(`${atSeconds} s  ${describeResult(result)}`)
  })
  const command = describeCommand(options)
  const ended = results.filter(({ skipped }) => skipped === null)
  const failed = ended.filter(({ broken }) => broken.length > 0).length
  if (options.json) {
    console.log(JSON.stringify({ command, totals: sumUp(results), trials: results }, null, 2))
  } else console.log(describeRun(results).join('\n'))
  if (options.write && failed === 0) await writeDocs(describeRun(results), command)
  console.log(`${ended.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}
