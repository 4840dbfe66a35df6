import type { ServerChannel, Session } from 'ssh2'
import type { SimMachine } from '../world/sim-machine.ts'
import { converse } from './conversation.ts'
import { login } from './login.ts'

// What a client may ask of a session: a command, or a shell. The interpreter takes a command's whole input at
// once, so a command starts when its input has ended, or has paused: most commands read none and never end it.

const pauseMs = 150

export function serveSession(machine: SimMachine, session: Session): void {
  let terminal = false
  const env: Record<string, string> = {}
  session.on('pty', (accept) => {
    terminal = true
    accept?.()
  })
  session.on('env', (accept, _reject, { key, val }) => {
    if (/^(LANG|LC_\w+|TERM)$/.test(key)) env[key] = val
    accept?.()
  })
  session.on('window-change', (accept) => accept?.())
  session.on('signal', (accept) => accept?.())
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept()
    track(channel, () => execute(machine, channel, command, env))
  })
  session.on('shell', (accept) => {
    const channel = accept()
    track(channel, () => (terminal ? converse(machine, channel, env) : execute(machine, channel, 'bash -s', env)))
  })
}

function track(channel: ServerChannel, work: () => Promise<void>): void {
  channel.on('error', () => {})
  work().catch((error: unknown) => {
    channel.stderr.write(`simulated: ${error instanceof Error ? error.message : String(error)}\n`)
    channel.exit(70)
    channel.end()
  })
}

async function execute(
  machine: SimMachine,
  channel: ServerChannel,
  command: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const stdin = await inputOf(machine, channel)
  const { stdout, stderr, exitCode } = await login(machine, command, stdin, env).done
  if (stdout !== '') channel.write(stdout)
  if (stderr !== '') channel.stderr.write(stderr)
  channel.exit(exitCode)
  channel.end()
}

async function inputOf(machine: SimMachine, channel: ServerChannel): Promise<string> {
  const chunks: Buffer[] = []
  const { clock } = machine.inside().seams
  let pause = new AbortController()
  const ended = new Promise<void>((resolve) => {
    channel.once('end', resolve)
    channel.once('close', resolve)
  })
  channel.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    pause.abort(new Error('more came'))
  })
  for (;;) {
    pause = new AbortController()
    const quiet = clock.sleep(pauseMs, pause.signal).then(
      () => true,
      () => false,
    )
    const how = await Promise.race([ended.then(() => 'ended' as const), quiet])
    if (how === 'ended') pause.abort(new Error('ended'))
    if (how !== false) return Buffer.concat(chunks).toString('utf8')
  }
}
