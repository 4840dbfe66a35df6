// What is sent to a machine in one call: the parameters as shell assignments, then the whole runner, whose last line
// runs the verb. The far shell reads all of it before it runs any of it, and runs none of it unless it is whole: a
// request may be cut short by the network, and what a login shell's profile reads of its standard input is lost of ours.

import { readFileSync } from 'node:fs'
import { ProblemError } from '../../kernel/problem.ts'
import type { Journey, ScriptAttempt } from '../remote.ts'

/** Read once at start: a package that lost the file fails loudly there, not at the first machine. */
const program = readFileSync(new URL('./runner.sh', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => !/^\s*(#|$)/.test(line))
  .join('\n')

/** Linux takes at most 128 KiB in one string of a process's environment (MAX_ARG_STRLEN, execve(2)). */
const maxEnvBytes = 130_000
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/
const variablePattern = /^[A-Za-z_][A-Za-z0-9_]*$/
const outputPattern = /^[A-Za-z_][A-Za-z0-9_-]*$/

/** The first and the last line of a request; a shell takes them for comments. */
const first = '#gantry:request'
const last = '#gantry:whole'
/** Said when they are not both there. */
export const notWhole = 'what Gantry sent arrived in part: something in the profile of this login reads standard input'

/** The command of the exec request: harmless to quote for any login shell, and free of anything secret. */
export function runnerCommand(user: string): string {
  const shell = `sh -c 'g_all=$(cat); case $g_all in "${first}"*"${last}") eval "$g_all" ;; *) echo "${notWhole}" >&2; exit 125 ;; esac'`
  return user === 'root' ? `exec ${shell}` : `exec env LC_ALL=C sudo -n ${shell}`
}

/** The request of `start`. Throws ProblemError 'invalid_request' for what no machine could be sent. */
export function startRequest(nonce: string, journey: Journey, waitMs: number): string {
  const [head] = journey
  const legs = journey.map((attempt, n) => leg(attempt, n))
  return request(nonce, 'start', {
    ...claim(head),
    wait: integer(waitMs),
    numbers: journey.map((_, n) => n).join(' '),
    journey: legs.map(({ words }) => words).join(' '),
    ...Object.assign({}, ...legs.map(({ texts }) => texts)),
  })
}

/** The request of `stop`. */
export function stopRequest(nonce: string, attempt: Pick<ScriptAttempt, 'id' | 'fence' | 'fenceScope'>): string {
  return request(nonce, 'stop', claim(attempt))
}

/** What every request has that makes the folder of an attempt. */
function claim({ id, fence, fenceScope }: Pick<ScriptAttempt, 'id' | 'fence' | 'fenceScope'>) {
  if (!Number.isSafeInteger(fence) || fence < 0) throw unfit(`fence ${fence} is no whole number`)
  return { id: name(id), scope: name(fenceScope), fence: String(fence) }
}

/** The n-th attempt of a journey: its words on the launched process's command line, and its texts. */
function leg(attempt: ScriptAttempt, n: number): { words: string; texts: Record<string, string> } {
  const env = [...exports(attempt.env), ...exports(attempt.secretEnv)].join('\n')
  const bytes = Buffer.byteLength(env)
  if (bytes > maxEnvBytes) {
    throw unfit(`the environment of ${attempt.stepKey} has ${bytes} bytes, a process takes at most ${maxEnvBytes}`)
  }
  const limit = (Math.max(1, attempt.timeoutMs) / 1000).toFixed(3)
  const outputs = attempt.mustGive.map(outputName).join(',') || '-'
  return {
    words: `${name(attempt.id)} ${limit} ${outputs}`,
    texts: { [`script_${n}`]: attempt.script, [`env_${n}`]: env },
  }
}

function outputName(given: string): string {
  if (!outputPattern.test(given)) throw unfit(`${given} is no name for an output`)
  return given
}

/** The request of `look`. */
export function lookRequest(nonce: string, attemptId: string, waitMs: number): string {
  return request(nonce, 'look', { id: name(attemptId), wait: integer(waitMs) })
}

/** The request of `log`. */
export function logRequest(nonce: string, attemptId: string, offset: number, maxBytes: number): string {
  return request(nonce, 'log', { id: name(attemptId), offset: integer(offset), max: integer(maxBytes) })
}

/** The request of `check`: without the runner, as it leaves nothing behind. The last line is the script's exit code. */
export function checkRequest(nonce: string, script: string, timeoutMs: number): string {
  const limit = (Math.max(1, timeoutMs) / 1000).toFixed(3)
  return whole([
    `g_said=$( { timeout -k 1 ${limit} bash -c ${quoted(script)} < /dev/null; printf '\\n%s' "$?"; } 2>&1 | tail -c 2000 | base64 | tr -d '\\n')`,
    `printf '\\n@gantry %s checked %s\\n' ${quoted(nonce)} "$g_said"`,
  ])
}

function request(nonce: string, verb: string, parameters: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ nonce, verb, ...parameters }).map(([key, value]) => `g_${key}=${quoted(value)}`)
  return whole([...lines, program])
}

function whole(lines: readonly string[]): string {
  return [first, ...lines, last, ''].join('\n')
}

function exports(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([key, value]) => {
    if (!variablePattern.test(key)) throw unfit(`${key} is no name for an environment variable`)
    return `export ${key}=${quoted(value)}`
  })
}

function quoted(text: string): string {
  if (text.includes('\0')) throw unfit('a text with a NUL character cannot be passed to a shell')
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** Ids become names of folders. */
function name(id: string): string {
  if (!namePattern.test(id)) throw unfit(`${JSON.stringify(id)} cannot be the name of a folder`)
  return id
}

function integer(value: number): string {
  return String(Math.max(0, Math.floor(value)))
}

function unfit(detail: string): ProblemError {
  return new ProblemError({ code: 'invalid_request', detail, next: 'Mend what the script is given.' })
}
