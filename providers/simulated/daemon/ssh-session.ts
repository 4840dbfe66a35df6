import type { ServerChannel, Session } from 'ssh2'
import type { SimMachine } from '../world/sim-machine.ts'
import { converse } from './conversation.ts'
import { login } from './login.ts'

// What a client may ask of a session: a command, or a shell. The interpreter takes a command's whole input at
// once, so a command starts when its input has ended, or when none has come: most commands read none and their
// callers never end it. One that says that it reads its input is waited for: a busy caller may be slow to send it,
// and run on nothing it would end well, having done nothing.

const napMs = 25
const maxNaps = 12
/** `cat` of nothing else, or a shell that is told to: whoever calls these ends the input. */
const readsInput = /\$\(cat\)|^cat\s*(?:;|$)|\bsh\s+-s\b/

/** `cut` breaks the connection without a word. */
export function serveSession(machine: SimMachine, session: Session, cut: () => void): void {
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
    track(channel, () => execute(machine, channel, command, env, cut))
  })
  session.on('shell', (accept) => {
    const channel = accept()
    track(channel, () => (terminal ? converse(machine, channel, env) : execute(machine, channel, 'bash -s', env, cut)))
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
  cut: () => void,
): Promise<void> {
  const cutAt = machine.cutNext
  machine.cutNext = null
  if (cutAt === 'beforeItRuns') return cut()
  const stdin = await inputOf(machine, channel, readsInput.test(command))
  const { stdout, stderr, exitCode } = await login(machine, command, stdin, env)
  if (cutAt === 'afterItRan') return cut()
  if (stdout !== '') channel.write(stdout)
  if (stderr !== '') channel.stderr.write(stderr)
  channel.exit(exitCode)
  channel.end()
}

/** All of the input; unless it is `wanted`, nothing when none came for a while. What has begun to come is waited for. */
async function inputOf(machine: SimMachine, channel: ServerChannel, wanted: boolean): Promise<string> {
  const chunks: Buffer[] = []
  const { clock } = machine.inside().seams
  const ended = new AbortController()
  const end = (): void => ended.abort(new Error('ended'))
  channel.once('end', end)
  channel.once('close', end)
  channel.on('data', (chunk: Buffer) => chunks.push(chunk))
  // Many short naps: a busy process would find a single long one over before it has read what came meanwhile.
  for (let naps = 0; !ended.signal.aborted && (wanted || naps < maxNaps || chunks.length > 0); naps++)
    await clock.sleep(napMs, ended.signal).catch(() => {})
  return Buffer.concat(chunks).toString('utf8')
}
