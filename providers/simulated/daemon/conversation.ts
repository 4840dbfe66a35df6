import type { ServerChannel } from 'ssh2'
import type { SimMachine } from '../world/sim-machine.ts'
import { login } from './login.ts'

// A person at a terminal: a prompt, a line, its output. Enough to look around; no line editing but backspace.

export async function converse(
  machine: SimMachine,
  channel: ServerChannel,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const { hostname, loginUser } = machine.request
  const inside = machine.inside()
  const home = inside.userNamed(loginUser)?.home ?? '/'
  const where = `/run/terminal.${inside.processes.list().length}.${inside.seams.clock.now()}`
  let folder = home
  let code = 0
  channel.write(`Simulated machine ${hostname}: a bash interpreter, no kernel.\r\n`)
  const prompt = (): void => {
    channel.write(`${loginUser}@${hostname}:${folder.replace(home, '~')}$ `)
  }
  prompt()
  for await (const line of linesOf(channel)) {
    const exit = /^\s*(?:exit|logout)(?:\s+(\d+))?\s*$/.exec(line)
    if (exit) {
      code = Number(exit[1] ?? code)
      break
    }
    if (line.trim() !== '') {
      const script = `cd '${folder}' 2>/dev/null\n${line}\n__code=$?; pwd > ${where}; exit $__code`
      const result = await login(machine, script, '', env)
      code = result.exitCode
      channel.write((result.stdout + result.stderr).replaceAll('\n', '\r\n'))
      folder = await inside.disk.readFile(where).then(
        (text) => text.trim(),
        () => folder,
      )
    }
    prompt()
  }
  channel.exit(code)
  channel.end()
}

/** Lines as they are typed, echoed; ends with Ctrl-D on an empty line or with the channel. */
async function* linesOf(channel: ServerChannel): AsyncIterable<string> {
  let line = ''
  for await (const chunk of channel.iterator({ destroyOnReturn: false })) {
    for (const key of String(chunk)) {
      if (key === '\r' || key === '\n') {
        channel.write('\r\n')
        yield line
        line = ''
      } else if (key === '\u007f' || key === '\b') {
        if (line !== '') channel.write('\b \b')
        line = line.slice(0, -1)
      } else if (key === '\u0003') {
        channel.write('^C\r\n')
        line = ''
        yield ''
      } else if (key === '\u0004') {
        if (line === '') return
      } else if (key >= ' ') {
        channel.write(key)
        line += key
      }
    }
  }
}
