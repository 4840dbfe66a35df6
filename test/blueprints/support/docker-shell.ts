import { Bash, defineCommand } from 'just-bash'

// A shell for the scripts of the swarm blueprint, with a docker command that answers what a test says and remembers
// what it was asked to do. What Docker itself does is for the simulated machines and the lab.

export interface DockerNode {
  readonly id: string
  readonly name: string
  readonly status: 'Ready' | 'Down'
  /** Leader, Reachable, Unreachable; empty for workers. */
  readonly manager: string
}

export interface Answers {
  readonly nodes?: readonly DockerNode[]
  /** The swarm whose certificate the machine holds. */
  readonly certificateOf?: string
  /** Answers of `docker info --format`, by the field that the format names. */
  readonly info?: Readonly<Record<string, string>>
  /** Answers of other commands that look, by their beginning, one after the other; the last one is repeated. */
  readonly looks?: Readonly<Record<string, readonly string[]>>
  /** Commands that fail the first so many times, by their beginning. */
  readonly failing?: Readonly<Record<string, number>>
}

export interface Ran {
  readonly exitCode: number
  readonly output: string
  /** Lines of $GANTRY_OUTPUT. */
  readonly outputs: readonly string[]
  /** Docker commands that change something, in order. */
  readonly changes: readonly string[]
}

/** Runs a script with this environment. Time does not pass: every sleep is over at once. */
export async function runScript(script: string, env: Record<string, string>, answers: Answers): Promise<Ran> {
  const changes: string[] = []
  let nodes = [...(answers.nodes ?? [])]
  let info = { ...answers.info }
  const looks = Object.entries(answers.looks ?? {}).map(([beginning, texts]): [string, string[]] => [
    beginning,
    [...texts],
  ])
  const failing = new Map(Object.entries(answers.failing ?? {}))

  const docker = defineCommand('docker', async (args) => {
    const line = args.join(' ')
    const format = args[args.indexOf('--format') + 1] ?? ''
    for (const [beginning, times] of failing) {
      if (!line.startsWith(beginning) || times === 0) continue
      failing.set(beginning, times - 1)
      return said(1, `Error response from daemon: not now\n`)
    }
    if (args[0] === 'info') {
      if (format.includes('DockerRootDir')) return said(0, '/var/lib/docker\n')
      const field = Object.keys(info).find((name) => format.includes(name))
      return field === undefined ? said(1, 'template error\n') : said(0, `${info[field]}\n`)
    }
    if (line.startsWith('node ls')) return said(0, nodes.map((node) => `${shown(format, node)}\n`).join(''))
    for (const [beginning, texts] of looks) {
      if (line.startsWith(beginning)) return said(0, (texts.length > 1 ? texts.shift() : texts[0]) ?? '')
    }
    if (line.startsWith('node ps') || line.startsWith('service ls')) return said(0, '')
    changes.push(line)
    if (line.startsWith('swarm init') || line.startsWith('swarm join')) info = { ...info, LocalNodeState: 'active' }
    if (line.startsWith('swarm init')) info = { ...info, ControlAvailable: 'true', 'Cluster.ID': 'new' }
    if (line.startsWith('swarm leave')) info = { ...info, LocalNodeState: 'inactive', ControlAvailable: 'false' }
    if (line.startsWith('node demote'))
      nodes = nodes.map((node) => (node.id === args[2] ? { ...node, manager: '' } : node))
    if (line.startsWith('node rm')) nodes = nodes.filter((node) => node.id !== args.at(-1))
    return said(0, '')
  })
  const sleep = defineCommand('sleep', async () => said(0, ''))
  const { certificateOf } = answers
  const files: Record<string, string> = certificateOf ? { [certificateFile]: certificate(certificateOf) } : {}
  const bash = new Bash({ customCommands: [docker, sleep], env: { ...env, GANTRY_OUTPUT: '/tmp/output' }, files })
  const result = await bash.exec(script)
  const written = await bash.exec('cat /tmp/output 2>/dev/null || true')
  return {
    exitCode: result.exitCode,
    output: result.stdout + result.stderr,
    outputs: written.stdout.split('\n').filter((line) => line !== ''),
    changes,
  }
}

const certificateFile = '/var/lib/docker/swarm/certificates/swarm-node.crt'

/** As Docker writes it: the node's own, whose organization is the swarm's id, and after it that of an intermediate. */
function certificate(cluster: string): string {
  const block = (name: string) => {
    const der = Buffer.concat([Buffer.from([0x30, 0x82, 0xff, 0x00]), Buffer.from(name), Buffer.from([0x0a, 0xc3])])
    return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`
  }
  return block(cluster) + block('intermediate')
}

function said(exitCode: number, text: string) {
  return { exitCode, stdout: exitCode === 0 ? text : '', stderr: exitCode === 0 ? '' : text }
}

function shown(format: string, node: DockerNode): string {
  return format
    .replace('{{.ID}}', node.id)
    .replace('{{.Hostname}}', node.name)
    .replace('{{.Status}}', node.status)
    .replace('{{.ManagerStatus}}', node.manager)
}
