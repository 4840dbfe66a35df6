// The demo from its first line to its last; what is pressed in the middle of it is in demo-interrupted.test.ts.

import { execFile } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { demoStage, main } from './demo-process.ts'

test('demo --once builds, shows, deletes, prints the receipt, and leaves nothing', async () => {
  using stage = demoStage()
  const demo = stage.start('--once')
  expect(await demo.ended, demo.text()).toBe(0)
  const text = demo.text()
  expect(text).toMatch(/simulated/)
  // How long that may take is judged by test/fresh-clone, where nothing else runs.
  const [, seconds] = /platform hello {2}ready in ([\d.]+) s/.exec(text) ?? []
  expect(Number(seconds)).toBeGreaterThan(0)
  for (const member of ['manager-0', 'worker-0', 'worker-1']) {
    expect(text).toMatch(new RegExp(`^${member} +ready +sim +zone-[ab] +host-[123] +\\d+\\.\\d+\\.\\d+\\.\\d+$`, 'm'))
  }
  expect(text).toMatch(/manager-addresses +\d+\./)
  expect(text).toMatch(/deleted in [\d.]+ s +receipt rcp_\w{26}\n {2}3 machines; each observed gone at sim/)
  expect(text).not.toMatch(/gnt_|SWMTKN/)
  await stage.expectNothingLeft()
})

test('the lines it suggests work as they stand, and Ctrl-C ends it all', async () => {
  using stage = demoStage()
  const demo = stage.start()
  await demo.until(/Ctrl-C/)
  expect(statSync(join(stage.folder, 'config/contexts.json')).mode & 0o777).toBe(0o600)
  const lines = [...demo.text().matchAll(/^ {2}npx gantry (.+?)(?: {2,}.*)?$/gm)].map(([, line = '']) => line)
  expect(lines.length).toBeGreaterThan(4)
  const [last = '', ...others] = lines.toReversed()
  expect(last).toMatch(/^platform delete/)
  const run = async (line: string) => {
    const out = await said(line, stage.env)
    expect(out, line).not.toBe('')
    if (line.includes('docker node ls')) expect(out.match(/Ready/g), out).toHaveLength(3)
  }
  for (const line of others.toReversed()) await run(line)
  await run(last)
  demo.child.kill('SIGINT')
  expect(await demo.ended, demo.text()).toBe(0)
  await stage.expectNothingLeft()
})

/** What the command prints; it is told `hostname` in case it asks. */
function said(line: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [main, ...line.split(' ')], { env }, (error, out, err) =>
      error ? reject(new Error(`${line}: ${err}`, { cause: error })) : resolve(out),
    )
    child.stdin?.end('hostname\n')
  })
}

test('a server that dies under it ends the demo with what happened, and leaves nothing', async () => {
  using stage = demoStage()
  const demo = stage.start()
  await demo.until(/Ctrl-C/)
  const servers = stage.left().filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('\0serve\0'))
  expect(servers).toHaveLength(1)
  for (const pid of servers) process.kill(pid, 'SIGKILL')
  expect(await demo.ended).toBe(1)
  expect(demo.text()).toContain('The demo is over: the server ended with SIGKILL')
  await stage.expectNothingLeft()
})
