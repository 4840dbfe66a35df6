// npm run package: the installable form. Node strips no types under node_modules, so what people install is
// JavaScript: dist/package/ has the layout of the sources, which is why src/bin.mjs finds main and blueprints/ alike.

import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ensureTools } from '../check/install.ts'

const top = join(import.meta.dirname, '../..')
const target = join(top, 'dist/package')

/** Makes dist/package/ and packs it; answers the path of the tarball. Throws what a tool said when it failed. */
export async function makePackage(): Promise<string> {
  await ensureTools()
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  run(join(top, 'test/check/node_modules/.bin/tsc'), '--project', 'test/package/tsconfig.json')
  nameTheJavaScript()
  copyRest()
  writeManifest()
  const packed = JSON.parse(run('npm', 'pack', '--json', '--pack-destination', join(top, 'dist'), target))
  return join(top, 'dist', fileName(packed))
}

function run(program: string, ...args: string[]): string {
  const { status, stdout, error } = spawnSync(program, args, {
    cwd: top,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`${program} ${args[0]} failed: ${stdout || error?.message}`)
  return stdout
}

/** tsc renames imports in code; a file that is started (a process of its own) is named in a string, as in .d.ts files. */
function nameTheJavaScript(): void {
  for (const file of globSync('**/*.{js,d.ts}', { cwd: target })) {
    const path = join(target, file)
    writeFileSync(path, readFileSync(path, 'utf8').replace(/(['"`])(\.\.?\/[\w./-]+)\.ts\1/g, '$1$2.js$1'))
  }
}

/** What is no TypeScript goes along as it is: scripts, SQL, pages, blueprints, documents. */
function copyRest(): void {
  const assets = run('git', 'ls-files', '--cached', '--others', '--exclude-standard', 'src', 'providers')
  for (const file of assets.split('\n').filter((name) => name && !name.endsWith('.ts'))) {
    mkdirSync(dirname(join(target, file)), { recursive: true })
    copyFileSync(join(top, file), join(target, file))
  }
  cpSync(join(top, 'blueprints'), join(target, 'blueprints'), { recursive: true })
  for (const file of ['openapi.yaml', 'README.md', 'CHANGELOG.md', 'LICENSE'])
    copyFileSync(join(top, file), join(target, file))
}

function writeManifest(): void {
  const {
    devDependencies: _tools,
    scripts: _scripts,
    ...manifest
  } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'))
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

function fileName(packed: unknown): string {
  const [first] = Array.isArray(packed) ? packed : Object.values(Object(packed))
  return String(first.filename)
}

if (import.meta.main) console.log(await makePackage())
