import { engineVersion } from '../../swarm/engine.ts'
import { Refusal } from '../../swarm/refusal.ts'
import { fail, ok } from '../command.ts'
import type { Command, Invocation, Result } from '../inside.ts'
import { engineOf } from './engine.ts'
import { infoOf } from './facts.ts'
import { images } from './images.ts'
import { node } from './node.ts'
import { readOptions, table } from './options.ts'
import { service } from './service.ts'
import { swarm } from './swarm.ts'
import { type Data, fill, unescaped } from './template.ts'

// The docker command of a simulated machine, version 20.10 of Debian 12. What it cannot do it says, so that no
// script believes in an effect that did not take place.

const noDaemon = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'

export const docker: Command = async (invocation) => {
  const args = [...invocation.args]
  if (args[0] === '--version' || args[0] === '-v') return ok(`Docker version ${engineVersion}, build 297e128\n`)
  const [verb = '', ...rest] =
    args[0] === 'image' || args[0] === 'system' || args[0] === 'container' ? args.slice(1) : args
  if (!invocation.machine.services.has('docker')) return withoutDaemon(invocation, verb, rest)
  try {
    return await run(invocation, verb, rest)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.message.startsWith('unknown flag')) return fail(125, `${error.message}\nSee 'docker ${verb} --help'.`)
    if (error.message.startsWith('template')) return fail(1, error.message)
    return fail(1, `Error response from daemon: ${error.message}`)
  }
}

async function run(invocation: Invocation, verb: string, args: readonly string[]): Promise<Result> {
  const { machine } = invocation
  switch (verb) {
    case 'info':
      return info(invocation, args)
    case 'version':
      return version(args, true)
    case 'swarm':
      return swarm(invocation, args)
    case 'node':
      return node(machine, args)
    case 'service':
      return service(machine, args)
    case 'images':
    case 'ls':
    case 'pull':
    case 'import':
    case 'load':
    case 'rmi':
      return images(invocation, verb, args)
    case 'ps':
      return ok(table([['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'PORTS', 'NAMES']]))
    default:
      return fail(125, `simulated: docker ${verb} is not simulated`)
  }
}

function info({ machine }: Invocation, args: readonly string[]): Result {
  const format = readOptions(args, { '--format': 'format=', '-f': 'format=' }).value('format')
  const object = infoOf(machine, engineOf(machine))
  if (format !== undefined) return ok(`${fill(unescaped(format), object)}\n`)
  const swarmState = fill('{{.Swarm.LocalNodeState}}', object)
  return ok(
    `Client:\n Context:    default\n\nServer:\n Server Version: ${engineVersion}\n Storage Driver: overlay2\n Swarm: ${swarmState}\n Name: ${machine.hostname}\n`,
  )
}

function version(args: readonly string[], server: boolean): Result {
  const format = readOptions(args, { '--format': 'format=', '-f': 'format=' }).value('format')
  const side: Data = { Version: engineVersion, ApiVersion: '1.41', Os: 'linux', Arch: 'amd64' }
  const object: Data = { Client: side, Server: server ? side : null }
  if (format !== undefined) return ok(`${fill(unescaped(format), object)}\n`)
  const client = `Client:\n Version:           ${engineVersion}\n API version:       1.41\n`
  return server ? ok(`${client}\nServer:\n Engine:\n  Version:          ${engineVersion}\n`) : fail(1, noDaemon, client)
}

function withoutDaemon(_invocation: Invocation, verb: string, args: readonly string[]): Result {
  if (verb === 'version' && !args.some((arg) => arg.startsWith('--format') || arg === '-f')) return version(args, false)
  return fail(1, noDaemon, verb === 'info' && args.length > 0 ? '\n' : '')
}
