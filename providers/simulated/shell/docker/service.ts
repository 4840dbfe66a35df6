import { type Cluster, type Service, schedule } from '../../swarm/cluster.ts'
import { Refusal } from '../../swarm/refusal.ts'
import { fail, ok } from '../command.ts'
import type { Machine, Result } from '../inside.ts'
import { engineOf } from './engine.ts'
import { taskLine, taskTitles } from './facts.ts'
import { readOptions, table } from './options.ts'
import { fill, unescaped } from './template.ts'

// docker service create | ls | ps | scale | rm, as far as showing that tasks run, and where.

const createFlags = {
  '--name': 'name=',
  '--replicas': 'replicas=',
  '--mode': 'mode=',
  '--endpoint-mode': 'endpoint=',
  '--constraint': 'constraint=',
  '--publish': 'publish=',
  '-p': 'publish=',
  '--network': 'network=',
  '--env': 'env=',
  '-e': 'env=',
  '--mount': 'mount=',
  '--label': 'label=',
  '--restart-condition': 'restart=',
  '--no-resolve-image': 'noResolve',
  '-d': 'detach',
  '--detach': 'detach',
  '-q': 'quiet',
  '--quiet': 'quiet',
}

export function service(machine: Machine, args: readonly string[]): Result {
  const [verb, ...rest] = args
  const { swarms } = machine.around
  const { cluster } = swarms.managed(engineOf(machine))
  schedule(cluster, swarms.newId)
  switch (verb) {
    case 'create': {
      const cut = rest.findIndex((arg, i) => !arg.startsWith('-') && !takesValue(rest[i - 1]))
      const options = readOptions(cut < 0 ? rest : rest.slice(0, cut + 1), createFlags)
      const [image] = options.words
      if (image === undefined) return fail(1, '"docker service create" requires at least 1 argument.')
      const name = options.value('name') ?? swarms.newId().slice(0, 8)
      if ([...cluster.services.values()].some((other) => other.name === name))
        throw new Refusal(
          `rpc error: code = AlreadyExists desc = name conflicts with an existing object: service ${name} already exists`,
        )
      const created: Service = {
        id: swarms.newId(),
        name,
        image,
        mode: options.value('mode') === 'global' ? 'global' : 'replicated',
        replicas: Number(options.value('replicas') ?? 1),
        endpointMode: options.value('endpoint') === 'dnsrr' ? 'dnsrr' : 'vip',
        tasks: [],
      }
      cluster.services.set(created.id, created)
      schedule(cluster, swarms.newId)
      return ok(`${created.id}\n`)
    }
    case 'ls':
      return list(cluster, rest)
    case 'ps':
      return ps(cluster, rest)
    case 'scale':
      for (const word of rest) {
        const [name = '', count = ''] = word.split('=')
        find(cluster, name).replicas = Number(count)
      }
      schedule(cluster, swarms.newId)
      return ok(rest.map((word) => `${word.replace('=', ' scaled to ')}\n`).join(''))
    case 'rm':
      for (const word of rest) cluster.services.delete(find(cluster, word).id)
      return ok(rest.map((word) => `${word}\n`).join(''))
    default:
      return fail(125, `simulated: docker service ${verb ?? ''} is not simulated`)
  }
}

function list(cluster: Cluster, args: readonly string[]): Result {
  const options = readOptions(args, {
    '-q': 'quiet',
    '--quiet': 'quiet',
    '--format': 'format=',
    '--filter': 'filter=',
    '-f': 'filter=',
  })
  const name = options
    .values('filter')
    .find((filter) => filter.startsWith('name='))
    ?.slice(5)
  const shown = [...cluster.services.values()].filter((found) => name === undefined || found.name.includes(name))
  const lines = shown.map((found) => ({
    ID: found.id.slice(0, 12),
    Name: found.name,
    Mode: found.mode,
    Replicas: `${found.tasks.length}/${found.mode === 'global' ? found.tasks.length : found.replicas}`,
    Image: found.image,
    Ports: '',
  }))
  const format = options.value('format')
  if (options.has('quiet')) return ok(lines.map((line) => `${line.ID}\n`).join(''))
  if (format !== undefined) return ok(lines.map((line) => `${fill(unescaped(format), line)}\n`).join(''))
  return ok(table([['ID', 'NAME', 'MODE', 'REPLICAS', 'IMAGE', 'PORTS'], ...lines.map((line) => Object.values(line))]))
}

function ps(cluster: Cluster, args: readonly string[]): Result {
  const options = readOptions(args, {
    '-q': 'quiet',
    '--quiet': 'quiet',
    '--format': 'format=',
    '--filter': 'filter=',
    '-f': 'filter=',
    '--no-trunc': 'noTrunc',
  })
  const lines = options.words
    .map((word) => find(cluster, word))
    .flatMap((found) => found.tasks.map((task) => taskLine(found, task, cluster.nodes.get(task.node))))
  const format = options.value('format')
  if (options.has('quiet')) return ok(lines.map((line) => `${line.ID}\n`).join(''))
  if (format !== undefined) return ok(lines.map((line) => `${fill(unescaped(format), line)}\n`).join(''))
  return ok(table([taskTitles, ...lines.map((line) => Object.values(line))]))
}

function find(cluster: Cluster, word: string): Service {
  const found = [...cluster.services.values()].find(
    (candidate) => candidate.name === word || candidate.id.startsWith(word),
  )
  if (found === undefined) throw new Refusal(`service ${word} not found`)
  return found
}

function takesValue(flag: string | undefined): boolean {
  return flag !== undefined && Object.entries(createFlags).some(([known, name]) => known === flag && name.endsWith('='))
}
