// One command over one channel: text in, bytes out. Nothing here knows what the command is.

import type { Client, ClientChannel } from 'ssh2'
import { RemoteFault } from './remote.ts'

export interface Spoken {
  readonly stdout: Buffer
  /** At most its first 4 KiB. */
  readonly stderr: string
  /** null when the channel closed without saying, or a signal ended the command. */
  readonly code: number | null
}

/** The far end refused to open one more channel; nothing was run. */
export class ChannelRefused extends Error {}

const maxStderrBytes = 4096
/** A whole log of 16 MiB in base64 with line ends, and some noise. */
const maxStdoutBytes = 24 * 1024 * 1024

/**
 * Runs `command` with `input` on its standard input until the channel closes.
 * Throws RemoteFault `broken` when the connection ends first, ChannelRefused, or the signal's reason.
 */
export function speak(client: Client, command: string, input: string, signal: AbortSignal): Promise<Spoken> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    let stdoutBytes = 0
    let stderrBytes = 0
    let code: number | null = null
    let channel: ClientChannel | undefined
    let settled = false

    const settle = (finish: () => void) => {
      if (settled) return
      settled = true
      client.off('close', onBroken)
      signal.removeEventListener('abort', onAbort)
      finish()
    }
    const onBroken = () => settle(() => reject(new RemoteFault('broken', 'the connection ended in mid-call')))
    const onAbort = () => {
      settle(() => reject(signal.reason))
      channel?.close()
    }

    if (signal.aborted) return reject(signal.reason)
    client.on('close', onBroken)
    signal.addEventListener('abort', onAbort, { once: true })
    const opened = (error: Error | undefined, opening: ClientChannel) => {
      if (error) return settle(() => reject(refusal(error)))
      channel = opening
      if (settled) return channel.close()
      channel.on('data', (chunk: Buffer) => {
        stdoutBytes += chunk.length
        if (stdoutBytes <= maxStdoutBytes) return stdout.push(chunk)
        settle(() => reject(new RemoteFault('protocol', `more than ${maxStdoutBytes} bytes of answer`)))
        opening.close()
      })
      channel.stderr.on('data', (chunk: Buffer) => {
        if (stderrBytes < maxStderrBytes) stderr.push(chunk)
        stderrBytes += chunk.length
      })
      channel.on('exit', (exitCode: number | null) => {
        code = exitCode
      })
      channel.on('error', onBroken)
      channel.on('close', () =>
        settle(() => {
          const said = Buffer.concat(stderr).toString('utf8', 0, maxStderrBytes)
          resolve({ stdout: Buffer.concat(stdout), stderr: said, code })
        }),
      )
      channel.end(input)
    }
    try {
      client.exec(command, opened)
    } catch (error) {
      settle(() => reject(new RemoteFault('broken', 'the connection had ended', { cause: error })))
    }
  })
}

function refusal(error: Error): Error {
  if (/open failure|open failed/i.test(error.message)) return new ChannelRefused(error.message, { cause: error })
  if (/^(Not connected|No response from server)/.test(error.message)) {
    return new RemoteFault('broken', 'the connection ended in mid-call', { cause: error })
  }
  return new RemoteFault('protocol', `the machine runs no commands for us: ${error.message}`, { cause: error })
}
