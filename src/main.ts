// The `gantry` command. It starts a server or hands everything to the command line, which is a client like any other;
// either is loaded only when asked for.

import { readFileSync, writeFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { LocalFacts } from './cli/world.ts'
import { ProblemError } from './kernel/problem.ts'

const usage = `Usage: gantry serve [options]

  --data <folder>      where database and master key are (default ./gantry-data)
  --database <url>     sqlite:<path of a file> (default sqlite:<data>/gantry.db)
  --listen <host:port> (default 127.0.0.1:8080)
  --port <port>        the same host, another port; 0 takes a free one
  --config <file>      flavors and quota keys of this installation, YAML
`

// What was compiled and stripped of its types once is not compiled again at the next start. In our own folder, because
// in the common temporary one others could write what we run; where we may not write, nothing is kept.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/gantry'))

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv
  if (command === 'serve') return serve(rest)
  if (command === 'openapi') return openapi(rest)
  const cli = await import('./cli/main.ts')
  const sshCrypto = async () => (await import('./app.ts')).sshCryptoDetail()
  const terminal: LocalFacts['terminal'] = async (access, command, signal) =>
    (await import('./app.ts')).openOwnTerminal(access, command, signal)
  const replay: LocalFacts['replay'] = async (text, onHappening) =>
    (await import('./app.ts')).replayHere(text, version(), onHappening)
  const backups: LocalFacts['backups'] = async () => (await import('./app.ts')).backupsHere(version())
  return cli.main(argv, { sshCrypto, terminal, backups, replay })
}

async function serve(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      data: { type: 'string', default: 'gantry-data' },
      database: { type: 'string' },
      listen: { type: 'string', default: '127.0.0.1:8080' },
      port: { type: 'string' },
      config: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const stopped = firstSignal()
  const app = await import('./app.ts')
  const log = app.lineLog(process.stderr, Date.now)
  const gantry = await app.serve({ ...values, listen: address(values.listen, values.port) }, version(), log)
  process.stdout.write(`Gantry ${version()} at ${gantry.url}   data in ${values.data}\n`)
  if (gantry.adminToken !== undefined) {
    process.stdout.write(`installation-admin token, shown this once: ${gantry.adminToken}\n`)
  }
  log('info', `${await stopped}: closing`)
  await gantry.close()
  return 0
}

/** The first of the signals that mean "end"; npm passes on what the terminal has sent already, so more may come. */
function firstSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => resolve(signal))
    }
  })
}

function address(listen: string, port: string | undefined): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(listen)
  const number = Number(port ?? match?.[3])
  if (!match || !Number.isInteger(number) || number > 65_535) {
    throw new ProblemError({
      code: 'invalid_request',
      detail: `${JSON.stringify(port ?? listen)} is no address to listen on.`,
      next: 'Give host:port, for example --listen 127.0.0.1:8080.',
    })
  }
  return { host: match[1] ?? match[2] ?? '127.0.0.1', port: number }
}

async function openapi(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { write: { type: 'boolean', default: false }, check: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const file = positionals[0] ?? 'openapi.yaml'
  const text = await (await import('./app.ts')).openapiText(version())
  if (values.write) writeFileSync(file, text)
  else if (!values.check) process.stdout.write(text)
  else if (readFileSync(file, 'utf8') !== text) {
    process.stderr.write(`${file} is not what the endpoints say. Run: npm run openapi\n`)
    return 1
  }
  return 0
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'))
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version)
  throw new Error('package.json has no version')
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const wrongFlag = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  if (error instanceof ProblemError) process.stderr.write(`gantry: ${error.detail}\n${error.next ?? ''}\n`)
  else if (wrongFlag) process.stderr.write(`gantry: ${error.message}\n\n${usage}`)
  else if (process.env.GANTRY_DEBUG) throw error
  else {
    const message = error instanceof Error ? error.message : String(error)
    process.stderr.write(`gantry: ${message}\nSet GANTRY_DEBUG=1 to see where.\n`)
  }
  process.exitCode = wrongFlag ? 2 : 1
}
