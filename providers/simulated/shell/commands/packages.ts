import { fail, ok } from '../command.ts'
import { packaged } from '../disk.ts'
import type { Commands, Invocation, Machine, Result } from '../inside.ts'
import { startUnit } from './services.ts'

// apt-get and dpkg: names in a list, with the files that scripts look for. As on a fresh cloud image nothing is
// found before the first `apt-get update`.

const lists = '/var/lib/apt/lists/simulated_Packages'
/** What it takes on a real machine with a mirror near by. */
const updateMs = 2_000
const installMs: Readonly<Record<string, number>> = { 'docker.io': 8_000 }
const otherInstallMs = 1_000
/** Of a simulated Debian; anything else is not found. */
const known = new Set([
  ...Object.keys(packaged),
  'apt-transport-https',
  'bash',
  'ca-certificates',
  'conntrack',
  'containerd',
  'ebtables',
  'ethtool',
  'gnupg',
  'iproute2',
  'iptables',
  'jq',
  'openssh-server',
  'procps',
  'rsync',
  'runc',
  'socat',
  'sudo',
  'tini',
  'util-linux',
])
const versions: Readonly<Record<string, string>> = { 'docker.io': '20.10.24+dfsg1-1+deb12u1' }

export const packageCommands: Commands = {
  'apt-get': aptGet,
  apt: aptGet,
  'apt-cache': ({ args }) => {
    const [verb, name = ''] = args
    if (verb !== 'policy' && verb !== 'show') return fail(100, `simulated: apt-cache ${verb ?? ''} is not simulated`)
    return known.has(name)
      ? ok(`Package: ${name}\nVersion: ${versionOf(name)}\n`)
      : fail(100, 'N: Unable to locate package')
  },
  dpkg: ({ args, machine }) => {
    const [flag, name = ''] = args
    if (flag === '--print-architecture') return ok('amd64\n')
    if (flag === '--configure') return ok()
    if (flag === '-l')
      return ok([...machine.packages].map((item) => `ii  ${item}  ${versionOf(item)}  amd64\n`).join(''))
    if (flag !== '-s' && flag !== '--status') return fail(2, `simulated: dpkg ${flag ?? ''} is not simulated`)
    if (machine.packages.has(name))
      return ok(`Package: ${name}\nStatus: install ok installed\nVersion: ${versionOf(name)}\n`)
    return fail(1, `dpkg-query: package '${name}' is not installed and no information is available`)
  },
  'dpkg-query': ({ args, machine }) => {
    const name = args.at(-1) ?? ''
    if (!machine.packages.has(name)) return fail(1, `dpkg-query: no packages found matching ${name}`)
    const format = args.find((arg) => arg.startsWith('-f=') || arg.startsWith('--showformat='))?.replace(/^[^=]*=/, '')
    const filled = (format ?? `\${Package}\t\${Version}\n`)
      .replaceAll('$' + '{Package}', name)
      .replaceAll('$' + '{Version}', versionOf(name))
      .replaceAll('$' + '{Status}', 'install ok installed')
      .replaceAll('$' + '{db:Status-Status}', 'installed')
      .replaceAll('\\n', '\n')
    return ok(filled)
  },
  'apt-mark': () => ok(),
  'debconf-set-selections': () => ok(),
}

async function aptGet(invocation: Invocation): Promise<Result> {
  const { machine, signal } = invocation
  const words: string[] = []
  for (let i = 0; i < invocation.args.length; i++) {
    const arg = invocation.args[i] ?? ''
    if (arg === '-o' || arg === '-t' || arg === '-c') i++
    else if (!arg.startsWith('-')) words.push(arg)
  }
  const [verb, ...names] = words
  switch (verb) {
    case 'update':
      await invocation.print('Hit:1 http://mirror.simulated/debian bookworm InRelease\n')
      await machine.work(updateMs, signal)
      machine.disk.writeFileSync(lists, 'simulated\n')
      await invocation.print('Reading package lists...\n')
      return ok()
    case 'install':
      return install(invocation, names)
    case 'remove':
    case 'purge':
      for (const name of names) machine.packages.delete(name)
      return ok()
    case 'clean':
    case 'autoremove':
    case 'autoclean':
    case 'upgrade':
    case 'dist-upgrade':
      return ok('Reading package lists...\n')
    default:
      return fail(100, `E: Invalid operation ${verb ?? ''}`)
  }
}

async function install(invocation: Invocation, names: readonly string[]): Promise<Result> {
  const { machine, signal } = invocation
  await invocation.print('Reading package lists...\nBuilding dependency tree...\nReading state information...\n')
  const wanted = names.map((name) => name.replace(/[=/].*$/, ''))
  const missing = wanted.filter((name) => !machine.packages.has(name))
  const updated = await invocation.fs.exists(lists)
  const unknown = missing.filter((name) => !known.has(name) || !updated)
  if (unknown.length > 0) return fail(100, unknown.map((name) => `E: Unable to locate package ${name}\n`).join(''))
  if (missing.length > 0)
    await invocation.print(`The following NEW packages will be installed:\n  ${missing.join(' ')}\n`)
  for (const name of missing) {
    const ms = installMs[name] ?? otherInstallMs
    await invocation.print(
      `Get:1 http://mirror.simulated/debian bookworm/main amd64 ${name} amd64 ${versionOf(name)}\n`,
    )
    await machine.work(ms / 2, signal)
    await invocation.print(`Unpacking ${name} (${versionOf(name)}) ...\n`)
    await machine.work(ms / 2, signal)
    machine.packages.add(name)
    for (const program of packaged[name] ?? []) machine.install(program)
    await invocation.print(`Setting up ${name} (${versionOf(name)}) ...\n`)
    await started(machine, name, signal)
  }
  return ok(`0 upgraded, ${missing.length} newly installed, 0 to remove and 0 not upgraded.\n`)
}

/** Debian starts and enables a service when its package is set up, unless policy-rc.d says 101. */
async function started(machine: Machine, name: string, signal: AbortSignal): Promise<void> {
  if (name !== 'docker.io' || (await machine.disk.exists('/usr/sbin/policy-rc.d'))) return
  machine.enabled.add('docker')
  await startUnit(machine, 'docker', signal)
}

function versionOf(name: string): string {
  return versions[name] ?? '1.0-1'
}
