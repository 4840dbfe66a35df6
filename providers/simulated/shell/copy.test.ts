import { expect, test } from 'vitest'
import { realSeams } from '../../../src/kernel/real-seams.ts'
import { loneFacts, loneSurroundings } from '../../../test/support/lone-machine.ts'
import { commandsTable } from './commands/index.ts'
import { machineState } from './copy.ts'
import { engineOf } from './docker/engine.ts'
import { type Machine, noOutput } from './inside.ts'
import { createMachine } from './machine.ts'
import { machineFrom } from './machine-from.ts'

const seams = realSeams()
const facts = loneFacts
const around = loneSurroundings(seams)
const fresh = () => createMachine(facts, seams, commandsTable, around)

function start(machine: Machine, script: string) {
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' }
  const request = { env, cwd: '/root', user: machine.root, stdin: '', prelude: '', output: noOutput }
  return machine.spawn({ ...request, run: { kind: 'script', script }, parent: null, tiedTo: null })
}

async function said(machine: Machine, script: string): Promise<string> {
  return (await start(machine, script).done).stdout
}

/** Everything of it that scripts can find out. */
const look = `cat /root/kept /root/link /proc/sys/kernel/random/boot_id /etc/machine-id; stat -c %a /root/kept /root/private
hostname; systemctl is-active docker; dpkg -s curl; docker images; docker info`

function copyOf(machine: Machine): Machine {
  const state = machineState(machine)
  if (state === undefined) throw new Error('something runs in it')
  return machineFrom(state, facts, seams, commandsTable, around)
}

test('a copy of a machine is like it, inside and out, and goes its own way', async () => {
  const machine = fresh()
  await said(
    machine,
    `echo one > /root/kept; chmod 600 /root/kept; ln -s kept /root/link; mkdir -m 700 /root/private; hostname other
apt-get update; apt-get install -y docker.io curl; docker swarm init; docker pull nginx`,
  )
  const copy = copyOf(machine)
  expect(machineState(copy)).toEqual(machineState(machine))
  const before = await said(machine, look)
  expect(before).toMatch(/^one\none\n/)
  expect(before).toContain('nginx')
  expect(await said(copy, look)).toBe(before)
  await said(copy, 'echo two >> /root/kept; systemctl stop docker; docker swarm leave --force; rm -r /root/private')
  expect(await said(machine, look)).toBe(before)
  expect(engineOf(machine).membership).not.toBeNull()
})

test('a machine in which something runs has no copy, until it has ended', async () => {
  const machine = fresh()
  const script = start(machine, 'sleep 600')
  expect(machineState(machine)).toBeUndefined()
  script.kill('KILL')
  await script.done
  expect(machineState(machine)).toBeDefined()
})
