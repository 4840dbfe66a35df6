// The demo: a tenant gets a platform, seen from outside. It knows nothing of Gantry but its API: what it shows is what
// anybody with a token can have.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, apiOf } from '../client/api.ts'
import { ApiProblem } from '../client/api-problem.ts'
import { duration, timeOfDay } from '../client/duration.ts'
import { explanationLines } from '../client/explanation.ts'
import type { Terminal } from '../client/screen.ts'
import { deletedLines, memberLines, outputLines, readyLine } from '../client/summary.ts'
import { type Paint, pad, paintFor, words } from '../client/text.ts'
import type { Task } from '../client/types.ts'
import { waitFor } from '../client/wait.ts'
import { openStage } from './stage.ts'
import { prepare, request } from './story.ts'

export interface DemoOptions {
  readonly out: Terminal
  readonly env: NodeJS.ProcessEnv
  readonly now: () => number
  readonly signal: AbortSignal
  /** Delete the platform again and end, instead of staying up. */
  readonly once: boolean
}

/** Plays the demo to its end; afterwards nothing of it is left. Throws ApiProblem, or the signal's reason. */
export async function demo(options: DemoOptions): Promise<void> {
  const { out, env, signal } = options
  const paint = paintFor(out, env)
  const say = (...lines: readonly string[]) => out.write(`${lines.join('\n')}\n`)
  const started = performance.now()
  say(
    `${paint('strong', 'Gantry demo')}  a server of its own in a temporary folder, and infrastructure that is simulated:`,
    '  the machines are real SSH servers on this computer, but what runs on them (apt-get, docker) is only acted.',
    '',
  )
  const stage = await openStage(env, signal)
  try {
    const api = apiOf({ url: stage.server.url, token: stage.server.token, signal })
    const said = (what: string, text: string) => say(`  ${paint('quiet', pad(what, 9))}  ${text}`)
    said('server', `${stage.server.url}   up in ${duration(performance.now() - started)}`)
    const { project } = await prepare(api, stage, said)
    stage.keepProject(project)
    const task = await request(api, project, said)
    say('')
    const ready = await shown(api, task, options)
    await tellReady(api, ready, say, paint, stage.gantry)
    if (options.once) return await takeAway(api, ready, say, paint, options)
    suggest(say, paint, stage.gantry, ready.target.name)
    await stayUp(stage.server.ended, signal)
    say('', 'Ending: the server, the simulated machines and the temporary folder go.')
  } catch (error) {
    const words = signal.aborted ? [] : stage.server.troubles()
    if (words.length > 0) say('', paint('quiet', 'The server said:'), ...words, '')
    throw error
  } finally {
    await stage.close()
  }
}

/** Waits for the task; where it does not come to its end, says why before the server that knows goes away. */
async function shown(api: Api, task: Pick<Task, 'id' | 'target'>, options: DemoOptions): Promise<Task> {
  const { out, env, signal, now } = options
  try {
    return await waitFor(api, task.id, { out, env, signal, now })
  } catch (error) {
    if (!signal.aborted && error instanceof ApiProblem) {
      const why = explanationLines(await api.explain(task.target.id), now(), paintFor(out, env))
      out.write(`\n${why.join('\n')}\n\n`)
    }
    throw error
  }
}

async function tellReady(api: Api, task: Task, say: Say, paint: Paint, gantry: string): Promise<void> {
  const platform = await api.platform(task.target.id)
  const simulated = platform.simulated ? '   (simulated machines)' : ''
  say('', `${readyLine(task, paint)}${simulated}`, '', ...memberLines(platform, paint))
  const outputs = outputLines(platform, paint, gantry)
  if (outputs.length > 0) say('', paint('quiet', 'OUTPUTS'), ...outputs)
}

async function takeAway(api: Api, built: Task, say: Say, paint: Paint, options: DemoOptions): Promise<void> {
  say('', `Now it is deleted again (--once).`, '')
  const task = await shown(api, await api.deletePlatform(built.target.id), options)
  const receipt = task.receipt ? await api.receipt(task.receipt) : undefined
  say('', ...deletedLines(task, receipt, paint).map((line) => line.replace(/ {3}\(.*\)$/, '')))
  for (const object of receipt?.objects ?? []) {
    say(
      `    ${pad(object.member, 12)}  ${object.kind} ${object.nativeRef ?? ''}  ${words(object.proof)} at ${timeOfDay(object.observedAt)}`,
    )
  }
}

function suggest(say: Say, paint: Paint, gantry: string, platform: string): void {
  const lines = [
    ['how it is', `platform show ${platform}`],
    ['log in to a manager', `ssh ${platform}/manager-0`],
    ['ask Docker itself', `ssh ${platform}/manager-0 docker node ls`],
    ['what a script said', `logs ${platform} manager-0`],
    ['all that happened', `history ${platform}`],
    ['plan a larger one', 'platform create big --blueprint swarm --plan'],
    ['take it away, with proof', `platform delete ${platform} --wait`],
  ] as const
  say(
    '',
    'What to try next, in a second terminal in this folder:',
    ...lines.map(([why, line]) => `  ${pad(`${gantry} ${line}`, 58)}  ${paint('quiet', why)}`),
    '',
    'It stays up until Ctrl-C; then everything of it is removed.',
  )
}

/** Until Ctrl-C. Throws ApiProblem when the server ends first. */
async function stayUp(ended: Promise<string>, signal: AbortSignal): Promise<void> {
  const over = new AbortController()
  const asked = sleep(2 ** 31 - 1, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => undefined)
  const reason = await Promise.race([asked, ended])
  over.abort()
  if (reason !== undefined && !signal.aborted) {
    throw new ApiProblem({
      code: 'unavailable',
      status: 0,
      detail: `The demo is over: ${reason}.`,
      next: 'Start it again.',
    })
  }
}

type Say = (...lines: readonly string[]) => void
