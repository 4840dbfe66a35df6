import { createServer, type Server, type Socket } from 'node:net'
import type { Endpoint } from '../../../src/kernel/endpoint.ts'
import type { Seams } from '../../../src/kernel/seams.ts'
import { answers, type SimMachine, stateOf } from '../world/sim-machine.ts'
import type { Opener, World } from '../world/world.ts'
import { type SshServer, sshServerOf } from './ssh-server.ts'

// A port on loopback for every machine, open as long as the machine exists. What stands behind it depends on the
// moment: an SSH server, silence, or a connection that is cut at once.

export interface Doors {
  readonly open: Opener
  /** Puts the world's machines behind their ports. */
  serve(world: World): void
  close(): void
}

interface Door {
  readonly listener: Server
  readonly sockets: Set<Socket>
  machine: SimMachine | null
  ssh: SshServer | null
}

export function openDoors(seams: Seams): Doors {
  const doors = new Map<string, Door>()

  const knock = (door: Door, socket: Socket): void => {
    const { machine } = door
    const now = seams.clock.now()
    socket.on('error', () => socket.destroy())
    if (machine === null || stateOf(machine, now) !== 'running') {
      socket.destroy()
      return
    }
    if (answers(machine, now)) {
      socket.setNoDelay(true)
      door.ssh ??= sshServerOf(machine)
      door.ssh.accept(socket)
    }
    door.sockets.add(socket)
    socket.once('close', () => door.sockets.delete(socket))
  }

  const changed = (machine: SimMachine): void => {
    const door = doors.get(machine.ref)
    if (door === undefined) return
    door.machine = machine
    if (answers(machine, seams.clock.now())) return
    if (machine.health === 'silent' && machine.goneAt === null) {
      // A dead host says nothing, not even goodbye.
      for (const socket of door.sockets) socket.removeAllListeners('data').pause()
      return
    }
    for (const socket of door.sockets) socket.destroy()
    if (machine.goneAt === null) return
    door.listener.close()
    doors.delete(machine.ref)
  }

  return {
    open: (ref) =>
      new Promise<Endpoint>((resolve, reject) => {
        const door: Door = { listener: createServer(), sockets: new Set(), machine: null, ssh: null }
        door.listener.on('connection', (socket) => knock(door, socket))
        door.listener.once('error', reject)
        door.listener.listen(0, '127.0.0.1', () => {
          const address = door.listener.address()
          if (address === null || typeof address === 'string') return reject(new Error('no port'))
          doors.set(ref, door)
          resolve({ address: '127.0.0.1', port: address.port })
        })
      }),
    serve: (world) => world.onChange(changed),
    close: () => {
      for (const door of doors.values()) {
        door.listener.close()
        for (const socket of door.sockets) socket.destroy()
      }
    },
  }
}
