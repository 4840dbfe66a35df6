import { type Cluster, isUp, keepsQuorumWithout, managersOf, type Node, schedule } from '../../swarm/cluster.ts'
import { notDown, Refusal, stillManager, words } from '../../swarm/refusal.ts'
import { fail, ok } from '../command.ts'
import type { Machine, Result } from '../inside.ts'
import { engineOf } from './engine.ts'
import { nodeLine, nodeOf, taskLine, taskTitles } from './facts.ts'
import { readOptions, table } from './options.ts'
import { fill, tableOf, unescaped } from './template.ts'

// docker node ls | inspect | update | demote | promote | rm | ps

export function node(machine: Machine, args: readonly string[]): Result {
  const [verb, ...rest] = args
  const { cluster, self } = machine.around.swarms.managed(engineOf(machine))
  switch (verb) {
    case 'ls':
    case 'list':
      return list(cluster, self, rest)
    case 'inspect':
      return inspect(cluster, self, rest)
    case 'update':
      return update(cluster, self, rest)
    case 'demote':
      return each(cluster, self, rest, (found) => demote(cluster, found))
    case 'promote':
      return each(cluster, self, rest, promote)
    case 'rm':
    case 'remove':
      return remove(cluster, self, rest)
    case 'ps':
      schedule(cluster, machine.around.swarms.newId)
      return ps(cluster, self, rest)
    default:
      return fail(125, `simulated: docker node ${verb ?? ''} is not simulated`)
  }
}

function list(cluster: Cluster, self: Node, args: readonly string[]): Result {
  const options = readOptions(args, {
    '-q': 'quiet',
    '--quiet': 'quiet',
    '--format': 'format=',
    '--filter': 'filter=',
    '-f': 'filter=',
  })
  const shown = [...cluster.nodes.values()].filter((found) =>
    options.values('filter').every((filter) => passes(found, filter)),
  )
  shown.sort((a, b) => a.engine.hostname.localeCompare(b.engine.hostname) || a.createdAt - b.createdAt)
  if (options.has('quiet')) return ok(shown.map((found) => `${found.id}\n`).join(''))
  const lines = shown.map((found) => nodeLine(cluster, found, self))
  const format = options.value('format')
  if (format !== undefined) {
    const asTable = tableOf(format)
    const rows = lines.map((line) => `${fill(asTable?.row ?? unescaped(format), line)}\n`).join('')
    return ok(asTable === null ? rows : `${asTable.titles}\n${rows}`)
  }
  const titles = ['ID', 'HOSTNAME', 'STATUS', 'AVAILABILITY', 'MANAGER STATUS', 'ENGINE VERSION']
  const cells = lines.map((line) => [
    line.ID + (line.Self === 'true' ? ' *' : ''),
    line.Hostname ?? '',
    line.Status ?? '',
    line.Availability ?? '',
    line.ManagerStatus ?? '',
    line.EngineVersion ?? '',
  ])
  return ok(table([titles, ...cells]))
}

function passes(found: Node, filter: string): boolean {
  const [key, value = ''] = filter.split('=')
  switch (key) {
    case 'role':
      return found.role === value
    case 'name':
      return found.engine.hostname.includes(value)
    case 'id':
      return found.id.startsWith(value)
    case 'membership':
      return value === 'accepted'
    case 'node.label':
      return [...found.labels.keys()].includes(value)
    default:
      throw new Refusal(`Invalid filter '${key}'`)
  }
}

function inspect(cluster: Cluster, self: Node, args: readonly string[]): Result {
  const options = readOptions(args, { '--format': 'format=', '-f': 'format=', '--pretty': 'pretty' })
  const format = options.value('format')
  const objects: string[] = []
  let missing = ''
  for (const word of options.words) {
    const found = search(cluster, self, word)
    if (found === undefined) {
      missing = `Error: No such node: ${word}`
      break
    }
    const object = nodeOf(cluster, found)
    objects.push(format === undefined ? JSON.stringify(object, null, 4) : `${fill(unescaped(format), object)}\n`)
  }
  const stdout = format === undefined ? `[\n${objects.join(',\n')}\n]\n` : objects.join('')
  return missing === '' ? ok(stdout) : fail(1, missing, stdout)
}

function update(cluster: Cluster, self: Node, args: readonly string[]): Result {
  const options = readOptions(args, {
    '--availability': 'availability=',
    '--role': 'role=',
    '--label-add': 'label=',
    '--label-rm': 'unlabel=',
  })
  return each(cluster, self, options.words, (found, word) => {
    const availability = options.value('availability')
    if (availability === 'active' || availability === 'pause' || availability === 'drain')
      found.availability = availability
    else if (availability !== undefined)
      throw new Refusal(`invalid availability ${availability}, only active, pause and drain are supported`)
    const role = options.value('role')
    if (role === 'worker' && found.role === 'manager') demote(cluster, found)
    if (role === 'manager' && found.role === 'worker') promote(found)
    for (const label of options.values('label')) found.labels.set(label.split('=')[0] ?? '', label.split('=')[1] ?? '')
    for (const label of options.values('unlabel')) found.labels.delete(label)
    return `${word}\n`
  })
}

function demote(cluster: Cluster, found: Node): string {
  if (found.role === 'worker') return `Node ${found.engine.hostname} is already a worker.\n`
  if (found.lost) throw new Refusal(words.noMember)
  if (managersOf(cluster).length === 1) throw new Refusal(words.lastManagerDemoted)
  if (!keepsQuorumWithout(cluster, found)) throw new Refusal(words.quorumLost)
  found.role = 'worker'
  return `Manager ${found.engine.hostname} demoted in the swarm.\n`
}

function promote(found: Node): string {
  if (found.role === 'manager') return `Node ${found.engine.hostname} is already a manager.\n`
  found.role = 'manager'
  return `Node ${found.engine.hostname} promoted to a manager in the swarm.\n`
}

function remove(cluster: Cluster, self: Node, args: readonly string[]): Result {
  const options = readOptions(args, { '-f': 'force', '--force': 'force' })
  return each(cluster, self, options.words, (found, word) => {
    if (managersOf(cluster).includes(found)) throw new Refusal(stillManager(found.id))
    if (isUp(found) && !options.has('force')) throw new Refusal(notDown(found.id))
    cluster.nodes.delete(found.id)
    return `${word}\n`
  })
}

function ps(cluster: Cluster, self: Node, args: readonly string[]): Result {
  const options = readOptions(args, {
    '-q': 'quiet',
    '--quiet': 'quiet',
    '--format': 'format=',
    '--filter': 'filter=',
    '-f': 'filter=',
  })
  const wanted = options.words.length === 0 ? ['self'] : options.words
  const nodes = wanted.map((word) => search(cluster, self, word))
  const missing = wanted.filter((_, i) => nodes[i] === undefined)
  if (missing.length > 0) return fail(1, missing.map((word) => `Error: No such node: ${word}\n`).join(''))
  const lines = [...cluster.services.values()].flatMap((service) =>
    service.tasks.flatMap((task) => {
      const node = nodes.find((found) => found?.id === task.node)
      return node === undefined ? [] : [taskLine(service, task, node)]
    }),
  )
  const format = options.value('format')
  if (options.has('quiet')) return ok(lines.map((line) => `${line.ID}\n`).join(''))
  if (format !== undefined) return ok(lines.map((line) => `${fill(unescaped(format), line)}\n`).join(''))
  return ok(table([taskTitles, ...lines.map((line) => Object.values(line))]))
}

/** Does `act` for every named node; the first that is refused ends it with what was said before. */
function each(
  cluster: Cluster,
  self: Node,
  names: readonly string[],
  act: (found: Node, word: string) => string,
): Result {
  if (names.length === 0) return fail(1, '"docker node" requires at least 1 argument.')
  let [stdout, stderr] = ['', '']
  for (const word of names) {
    const found = search(cluster, self, word)
    if (found === undefined) {
      stderr += `Error: No such node: ${word}\n`
      continue
    }
    try {
      stdout += act(found, word)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      stderr += `Error response from daemon: ${error.message}\n`
    }
  }
  return stderr === '' ? ok(stdout) : fail(1, stderr, stdout)
}

/** By id, then by name, then by the beginning of an id. Throws Refusal when a name is not one node's alone. */
function search(cluster: Cluster, self: Node, word: string): Node | undefined {
  if (word === 'self') return self
  const nodes = [...cluster.nodes.values()]
  const byId = cluster.nodes.get(word)
  if (byId !== undefined) return byId
  const named = nodes.filter((found) => found.engine.hostname === word)
  if (named.length > 1) throw new Refusal(`node ${word} is ambiguous (${named.length} matches found)`)
  return named[0] ?? nodes.find((found) => word !== '' && found.id.startsWith(word))
}
