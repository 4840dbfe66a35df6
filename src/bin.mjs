#!/usr/bin/env node
// Gantry runs on Node 26, people have any Node: so the command is plain old JavaScript that finds the Node which npm
// installed beside Gantry and runs main with it. main.ts and main.js do their work on being loaded.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as modules from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const wanted = 26
const here = dirname(fileURLToPath(import.meta.url))
// A clone has main.ts; the installable form has main.js, because Node strips no types under node_modules.
const main = join(here, existsSync(join(here, 'main.ts')) ? 'main.ts' : 'main.js')

if (Number(process.versions.node.split('.')[0]) >= wanted) {
  // As in main, but before it: what is kept of all files needs no compiler of types at all, and that takes long to load.
  modules.enableCompileCache(join(here, '../node_modules/.cache/gantry'))
  await import(pathToFileURL(main).href)
} else {
  const node = installedNode()
  if (node) {
    run(node)
  } else {
    fail(`no package node-${process.platform}-${process.arch} is installed beside it`)
  }
}

/** The bin/node of the optional package for this machine, in our node_modules or a parent's (hoisted). */
function installedNode() {
  const require = modules.createRequire(import.meta.url)
  for (const family of ['node', 'node-bin']) {
    try {
      const manifest = require.resolve(`${family}-${process.platform}-${process.arch}/package.json`)
      return join(dirname(manifest), 'bin', 'node')
    } catch {
      // Not installed under this name; the other may be.
    }
  }
  return undefined
}

function run(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  child.on('error', (error) => fail(`${node} does not start (${error.code})`))
  // A terminal sends these to the child as well: forwarded, Ctrl-C would count as pressed twice.
  const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTERM', 'SIGUSR2']) {
    process.on(signal, () => {
      if (!terminal || signal === 'SIGTERM' || signal === 'SIGUSR2') child.kill(signal)
    })
  }
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))
}

function fail(why) {
  console.error(
    `gantry: this is Node ${process.version}, ${wanted} is needed, and ${why}. Run npm ci, or use Node ${wanted}.`,
  )
  process.exit(1)
}
