// What a machine says back. Login shells print greetings, so only lines that carry this call's nonce count; a line
// without its end of line was cut off and counts as nothing.

import { type AttemptStatus, type Checked, RemoteFault, type RemoteFaultKind } from '../remote.ts'
import type { Spoken } from '../speak.ts'

const maxOutputBytes = 64 * 1024
/** The faults the runner itself reports. */
const runnerFaults: readonly RemoteFaultKind[] = ['fenced', 'noSpace', 'protocol']

/** The status in the answer to `start`, `stop` or `look`. Throws RemoteFault. */
export function readStatus(spoken: Spoken, nonce: string): AttemptStatus {
  const [words = []] = markedLines(spoken, nonce)
  const [kind, ...rest] = words
  switch (kind) {
    case 'absent':
    case 'stopped':
      return { kind }
    case 'running':
      return { kind, logBytes: count(rest[0]) }
    case 'lost':
      return { kind, logBytes: count(rest[0]), detail: rest.slice(1).join(' ') }
    case 'ended':
      return { kind, exitCode: count(rest[0]), logBytes: count(rest[1]), outputs: outputs(rest.slice(2).join('')) }
    default:
      throw unspoken(spoken, words)
  }
}

/** The answer to `check`. Throws RemoteFault. */
export function readChecked(spoken: Spoken, nonce: string): Checked {
  const [words = []] = markedLines(spoken, nonce)
  if (words[0] !== 'checked') throw unspoken(spoken, words)
  const text = Buffer.from(words[1] ?? '', 'base64').toString('utf8')
  const at = text.lastIndexOf('\n')
  return { exitCode: count(text.slice(at + 1)), said: text.slice(0, Math.max(0, at)).trim() }
}

/** The bytes in the answer to `log`. Throws RemoteFault. */
export function readLog(spoken: Spoken, nonce: string): Uint8Array {
  const text = spoken.stdout.toString('latin1')
  const [words = []] = markedLines(spoken, nonce)
  const start = text.indexOf(`\n@gantry ${nonce} log `)
  const end = text.indexOf(`\n@gantry ${nonce} end\n`)
  if (words[0] !== 'log' || start < 0 || end < 0) throw unspoken(spoken, words)
  const body = Buffer.from(text.slice(text.indexOf('\n', start + 1), end), 'base64')
  if (body.length !== count(words[1])) throw new RemoteFault('broken', 'the log arrived incomplete')
  return body
}

function markedLines(spoken: Spoken, nonce: string): string[][] {
  const mark = `@gantry ${nonce} `
  const lines = spoken.stdout.toString('utf8').split('\n').slice(0, -1)
  return lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length).trimEnd().split(' '))
}

function count(word: string | undefined): number {
  if (word === undefined || !/^\d{1,15}$/.test(word))
    throw new RemoteFault('protocol', `the runner said ${word} for a number`)
  return Number(word)
}

/** KEY=value lines among the first 64 KiB; a line that the limit cuts is left out rather than given in half. */
function outputs(base64: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(base64, 'base64')
  const whole = bytes.length <= maxOutputBytes ? bytes : bytes.subarray(0, bytes.lastIndexOf(10, maxOutputBytes) + 1)
  const found: [string, string][] = []
  for (const line of whole.toString('utf8').split('\n')) {
    const [, key, value] = /^([A-Za-z_][A-Za-z0-9_-]*)=(.*)$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) found.push([key, value])
  }
  return Object.fromEntries(found)
}

/** Why there is no answer in what was said. */
function unspoken(spoken: Spoken, words: readonly string[]): RemoteFault {
  const [kind, named, ...rest] = words
  const reported = runnerFaults.find((fault) => fault === named)
  const stderr = spoken.stderr.trim()
  if (kind === 'fault' && reported !== undefined)
    return new RemoteFault(reported, told(reported, rest.join(' '), stderr))
  if (/sudo:|sudoers|'sudo'|sudo.*not found/.test(stderr))
    return new RemoteFault('sudoDenied', `sudo refused: ${stderr}`)
  if (/No space left|Read-only file system|quota exceeded/i.test(stderr)) return new RemoteFault('noSpace', stderr)
  if (spoken.code === null) return new RemoteFault('broken', 'the channel closed before the machine had answered')
  const heard = (stderr || spoken.stdout.toString('utf8').trim() || 'nothing').slice(0, 300)
  return new RemoteFault('protocol', `exit code ${spoken.code} and no answer of the runner, but: ${heard}`)
}

function told(kind: RemoteFaultKind, detail: string, stderr: string): string {
  if (kind === 'fenced') return `the machine has seen fence ${detail}, which is higher`
  return stderr ? `${detail}: ${stderr.slice(0, 300)}` : detail
}
