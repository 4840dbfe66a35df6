// npm run native (optional, needs g++, make and Python): builds ssh2's crypto for the Node in node_modules and proves
// that it works. Without it ssh2 computes in JavaScript, silently; so the proof is a transfer, not an exit code.
// `npm ci` starts afresh without it.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const top = join(import.meta.dirname, '../..')
const crypto = join(top, 'node_modules/ssh2/lib/protocol/crypto')
// The Node that runs this is node_modules/node-<platform>-<arch>/bin/node, and its headers lie beside bin.
const headers = join(process.execPath, '../..')

/** ssh2 1.17.0 asks the context for its isolate, which V8 of Node 26 no longer answers; it is the current one. */
function patch(): void {
  const source = join(crypto, 'src/binding.cc')
  const text = readFileSync(source, 'utf8')
  writeFileSync(source, text.replaceAll('context->GetIsolate()', 'v8::Isolate::GetCurrent()'))
}

function build(): void {
  const args = [
    'rebuild',
    'ssh2',
    'cpu-features',
    '--ignore-scripts=false',
    '--foreground-scripts',
    `--nodedir=${headers}`,
  ]
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: top, encoding: 'utf8' })
  if (status === 0 && existsSync(join(crypto, 'build/Release/sshcrypto.node'))) return
  console.error(
    `${stdout}${stderr}\nssh2's crypto was not built: it needs g++, make and Python. Gantry runs without it.`,
  )
  process.exit(1)
}

if (!existsSync(join(headers, 'include/node/node.h'))) {
  console.error(`${process.execPath} has no headers beside it; run this as: npm run native`)
  process.exit(1)
}
patch()
build()
const { bindingAvailable } = createRequire(import.meta.url)('ssh2/lib/protocol/crypto.js')
if (bindingAvailable !== true) throw new Error('ssh2 does not load the crypto that was built for it')
// Only now: ssh2 chooses its crypto when it is loaded.
const { measureTransfer } = await import('./transfer.ts')
for (const cipher of ['aes128-gcm@openssh.com', 'chacha20-poly1305@openssh.com'] as const) {
  const { mebibytes, seconds } = await measureTransfer(cipher)
  console.log(`${cipher}: ${mebibytes} MiB through ssh2's native crypto in ${seconds.toFixed(2)} s`)
}
