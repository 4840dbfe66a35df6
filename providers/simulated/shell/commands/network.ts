import { fail, ok } from '../command.ts'
import type { Command, Commands } from '../inside.ts'

// The machine's network as it sees itself. Nothing leaves the simulation.

export const networkCommands: Commands = {
  ip: ({ args, machine }) => {
    const [address = '127.0.0.1'] = machine.facts.addresses
    const words = args.filter((arg) => !arg.startsWith('-'))
    switch (words[0]) {
      case 'a':
      case 'addr':
      case 'address': {
        if (args.some((arg) => /^-(o|br)/.test(arg)))
          return ok(`2: eth0    inet ${address}/16 brd 10.77.255.255 scope global eth0\n`)
        return ok(
          `2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500\n    inet ${address}/16 brd 10.77.255.255 scope global eth0\n`,
        )
      }
      case 'r':
      case 'route':
        if (words[1] === 'get') return ok(`${words[2] ?? ''} via 10.77.0.1 dev eth0 src ${address} uid 0\n`)
        return ok(`default via 10.77.0.1 dev eth0\n10.77.0.0/16 dev eth0 proto kernel scope link src ${address}\n`)
      case 'l':
      case 'link':
        return ok('2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500\n')
      default:
        return fail(255, `simulated: ip ${words[0] ?? ''} is not simulated`)
    }
  },
  ping: ({ args, machine }) => {
    const host = args.at(-1) ?? ''
    const alive = host === '127.0.0.1' || host === 'localhost' || machine.around.reaches(host)
    return alive
      ? ok(`64 bytes from ${host}: icmp_seq=1 ttl=64 time=0.1 ms\n`)
      : fail(1, '', `PING ${host}: 100% packet loss\n`)
  },
}

/** Reaches nothing. */
export const curl: Command = ({ args }) => {
  const url = args.find((arg) => /^https?:/.test(arg)) ?? args.at(-1) ?? ''
  const host = url.replace(/^https?:\/\//, '').replace(/[:/].*$/, '')
  return fail(6, `curl: (6) Could not resolve host: ${host}`)
}
