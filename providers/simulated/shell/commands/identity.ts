import { fail, ok } from '../command.ts'
import type { Commands, User } from '../inside.ts'

// Who and where one is.

export const identityCommands: Commands = {
  whoami: ({ process }) => ok(`${process.user.name}\n`),
  id: ({ args, process, machine }) => {
    const name = args.find((arg) => !arg.startsWith('-'))
    const user = name === undefined ? process.user : machine.userNamed(name)
    if (user === undefined) return fail(1, `id: '${name}': no such user`)
    const flags = args.filter((arg) => arg.startsWith('-')).join('')
    if (flags.includes('u')) return ok(`${flags.includes('n') ? user.name : user.uid}\n`)
    if (flags.includes('g')) return ok(`${flags.includes('n') ? user.name : user.gid}\n`)
    return ok(`uid=${user.uid}(${user.name}) gid=${user.gid}(${user.name}) groups=${user.gid}(${user.name})\n`)
  },
  groups: ({ process }) => ok(`${process.user.name}\n`),
  logname: ({ process }) => ok(`${process.user.name}\n`),
  hostname: ({ args, machine }) => {
    if (args.includes('-I') || args.includes('--all-ip-addresses')) return ok(`${machine.facts.addresses.join(' ')} \n`)
    if (args.includes('-i')) return ok(`${machine.facts.addresses[0] ?? '127.0.0.1'}\n`)
    const [name] = args
    if (name === undefined || name.startsWith('-')) return ok(`${machine.hostname}\n`)
    machine.hostname = name
    return ok()
  },
  hostnamectl: async ({ args, machine }) => {
    const [verb, name] = args.filter((arg) => !arg.startsWith('-'))
    if ((verb !== 'set-hostname' && verb !== 'hostname') || name === undefined)
      return ok(` Static hostname: ${machine.hostname}\n`)
    await machine.disk.writeFile('/etc/hostname', `${name}\n`)
    machine.hostname = name
    return ok()
  },
  uname: ({ args, machine }) => {
    const flags = args.join('')
    const parts: string[] = []
    const all = flags.includes('a')
    if (all || flags.includes('s') || args.length === 0) parts.push('Linux')
    if (all || flags.includes('n')) parts.push(machine.hostname)
    if (all || flags.includes('r')) parts.push('6.1.0-simulated')
    if (all || flags.includes('v')) parts.push('#1 SMP')
    if (all || flags.includes('m')) parts.push('x86_64')
    if (all || flags.includes('o')) parts.push('GNU/Linux')
    return ok(`${parts.join(' ')}\n`)
  },
  nproc: ({ machine }) => ok(`${machine.facts.cpu}\n`),
  arch: () => ok('x86_64\n'),
  getent: ({ args, machine }) => {
    const [database = '', ...keys] = args
    const found: string[] = []
    for (const key of keys) {
      const user = machine.userNamed(key)
      if (database === 'passwd' && user) found.push(`${user.name}:x:${user.uid}:${user.gid}::${user.home}:/bin/bash\n`)
      if (database === 'group' && (user || key === 'docker' || key === 'sudo')) found.push(`${key}:x:998:\n`)
      if ((database === 'hosts' || database === 'ahosts') && key === machine.hostname)
        found.push(`${machine.facts.addresses[0] ?? '127.0.0.1'}  ${key}\n`)
    }
    return found.length === keys.length ? ok(found.join('')) : fail(2, '', found.join(''))
  },

  // The login user may do everything without a password, as on a cloud image.
  sudo: async (invocation) => {
    const { machine, process } = invocation
    const words = [...invocation.args]
    let user: User = machine.root
    let keep = false
    let login = false
    while (words[0]?.startsWith('-')) {
      const word = words.shift() ?? ''
      if (word === '--') break
      if (word === '-u') user = machine.userNamed(words.shift() ?? '') ?? user
      else if (word === '-E' || word.startsWith('--preserve-env')) keep = true
      else if (word === '-i' || word === '-s') login = true
      else if (word === '-v' || word === '-k') return ok()
    }
    const added: Record<string, string> = {}
    for (let match = assignment(words[0]); match; match = assignment(words[0])) {
      added[match.name] = match.value
      words.shift()
    }
    const argv = words.length === 0 ? ['bash'] : login ? ['bash', '-c', words.join(' ')] : words
    const { PATH = '', TERM = '', LANG = '' } = invocation.exported
    const own = {
      ...(await machine.environment()),
      PATH,
      TERM,
      LANG,
      HOME: user.home,
      USER: user.name,
      LOGNAME: user.name,
      SUDO_USER: process.user.name,
    }
    const env = keep ? { ...invocation.exported, ...own, ...added } : { ...own, ...added }
    return machine.spawn(invocation.child(argv, { env, user })).done
  },
}

function assignment(word: string | undefined): { name: string; value: string } | null {
  const match = /^([A-Za-z_]\w*)=(.*)$/s.exec(word ?? '')
  return match?.[1] === undefined || match[2] === undefined ? null : { name: match[1], value: match[2] }
}
