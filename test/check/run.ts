// npm run check: everything that can be said of the sources without running them. All tools run at once and each
// gets one line; what a tool has to say is shown only when it fails.

import { ensureTools } from './install.ts'
import { tools } from './tools.ts'

const only = new Set(process.argv.slice(2))
const unknown = [...only].filter((name) => !tools.some((tool) => tool.name === name))
if (unknown.length > 0) {
  console.error(`no tool is called ${unknown.join(', ')}; there are ${tools.map((tool) => tool.name).join(', ')}`)
  process.exit(2)
}

await ensureTools()
const chosen = tools.filter((tool) => only.size === 0 || only.has(tool.name))
const runs = chosen.map(async (tool) => {
  const start = performance.now()
  const complaint = await tool.run().catch((error: unknown) => String(error instanceof Error ? error.stack : error))
  return { tool, complaint, seconds: (performance.now() - start) / 1000 }
})

let failed = 0
for (const run of runs) {
  const { tool, complaint, seconds } = await run
  console.log(
    `${complaint ? 'FAIL' : 'ok  '}  ${tool.name.padEnd(8)} ${seconds.toFixed(1).padStart(5)} s  ${tool.says}`,
  )
  if (complaint) {
    failed += 1
    console.log(complaint.replace(/^/gm, '      ').trimEnd())
  }
}
console.log(`${chosen.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
