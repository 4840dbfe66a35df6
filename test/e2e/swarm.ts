// A Swarm looked at from outside: by the platform's own SSH key, with Docker's own command.

import { readFile } from 'node:fs/promises'
import type { Api } from '../../src/cli/client/api.ts'
import { eventually, type Login, seams, ssh } from './support.ts'

/** How to log in to each machine that is up now, by member name. */
export async function logins(api: Api, platform: string): Promise<Map<string, Login>> {
  const machines = await api.machines({ platform, state: 'ready' })
  const entries = await Promise.all(
    machines.map(async ({ id, member }) => {
      const { host, user, privateKey, hostKey } = await api.machineSsh(id)
      return [member, { address: host, user, privateKeyPem: privateKey, hostKey }] as const
    }),
  )
  return new Map(entries)
}

/** Host names of the nodes that are Ready. */
export async function readyNodes(manager: Login): Promise<string[]> {
  const text = await ssh(manager, "sudo docker node ls --format '{{.Hostname}} {{.Status}}'")
  return lines(text)
    .filter((line) => line.endsWith(' Ready'))
    .map((line) => line.split(' ')[0] ?? '')
    .sort()
}

/** Every node of the swarm, whatever its state. */
export async function allNodes(manager: Login): Promise<string[]> {
  return lines(await ssh(manager, "sudo docker node ls --format '{{.Hostname}}'")).sort()
}

/** Where the tasks of a service run now: host names, one for each running task. */
export async function runningOn(manager: Login, service: string): Promise<string[]> {
  const format = "--format '{{.Node}} {{.CurrentState}}' --filter desired-state=running"
  const text = await ssh(manager, `sudo docker service ps ${service} ${format}`)
  return lines(text)
    .filter((line) => line.split(' ')[1] === 'Running')
    .map((line) => line.split(' ')[0] ?? '')
    .sort()
}

/** Puts the image of a tar file on a machine, as no registry is within reach. */
export async function importImage(machine: Login, tar: string, name: string): Promise<void> {
  await ssh(machine, `sudo docker import - ${name} > /dev/null`, { input: await readFile(tar) })
}

/** A web service that answers on every node with the node's host name: one task a node, no load balancer (no IPVS here). */
export async function createWebService(manager: Login, image: string, replicas: number): Promise<void> {
  const page = 'echo $NODE > /www/index.html; exec httpd -f -p 8080 -h /www'
  const options = [
    '--detach --name web --no-resolve-image --endpoint-mode dnsrr',
    `--replicas ${replicas} --replicas-max-per-node 1`,
    '--publish mode=host,published=8080,target=8080',
    "--env 'NODE={{.Node.Hostname}}'",
  ]
  await ssh(manager, `sudo docker service create ${options.join(' ')} ${image} /bin/sh -c '${page}'`)
}

/** The same, one task on every node there is and will be; asked to stop it does so at once. */
export async function createGlobalWebService(manager: Login, image: string): Promise<void> {
  const page = 'echo $NODE > /www/index.html; trap "exit 0" TERM; httpd -f -p 8080 -h /www & wait'
  const options = [
    '--detach --name web --no-resolve-image --endpoint-mode dnsrr --mode global --restart-delay 1s',
    '--publish mode=host,published=8080,target=8080',
    "--env 'NODE={{.Node.Hostname}}'",
  ]
  await ssh(manager, `sudo docker service create ${options.join(' ')} ${image} /bin/sh -c '${page}'`)
}

/**
 * The same with something to lose: it answers with what is in a volume of its machine, a word that was written there when
 * the service first ran there.
 */
export async function createKeepingService(manager: Login, image: string): Promise<void> {
  const page =
    'test -s /www/index.html || cat /proc/sys/kernel/random/uuid > /www/index.html; trap "exit 0" TERM; httpd -f -p 8080 -h /www & wait'
  const options = [
    '--detach --name web --no-resolve-image --endpoint-mode dnsrr --mode global --restart-delay 1s',
    '--publish mode=host,published=8080,target=8080 --mount type=volume,source=words,target=/www',
  ]
  await ssh(manager, `sudo docker service create ${options.join(' ')} ${image} /bin/sh -c '${page}'`)
}

/** Nodes that vote and are reachable. */
export async function managerNodes(manager: Login): Promise<string[]> {
  const text = await ssh(manager, "sudo docker node ls --format '{{.Hostname}} {{.ManagerStatus}}'")
  return lines(text)
    .filter((line) => / (Leader|Reachable)$/.test(line))
    .map((line) => line.split(' ')[0] ?? '')
    .sort()
}

export interface Images extends AsyncDisposable {
  /** Waits until so many machines have it. */
  everywhere(machines: number): Promise<void>
}

/** Puts an image on every machine of a platform, those that come later too: what a registry would do, were there one. */
export function keepImage(api: () => Api, platform: string, tar: string, name: string): Images {
  const having = new Set<string>()
  let isOver = false
  async function keep(): Promise<void> {
    while (!isOver) {
      const machines = await api().machines({ platform, state: 'ready' })
      const all = await logins(api(), platform)
      for (const { id, member } of machines) {
        const login = all.get(member)
        // A machine that goes meanwhile needs none; any other is tried again.
        if (having.has(id) || !login) continue
        await importImage(login, tar, name).then(
          () => having.add(id),
          () => undefined,
        )
      }
      await seams.clock.sleep(500)
    }
  }
  const kept = keep()
  return {
    everywhere: async (machines) => {
      await eventually(
        60_000,
        async () => having.size,
        (size) => size >= machines,
      )
    },
    async [Symbol.asyncDispose]() {
      isOver = true
      await kept
    },
  }
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
