// What scripts said, attempt by attempt. Following asks on from the offset reached, so nothing is read twice.

import { setTimeout as sleep } from 'node:timers/promises'
import { ApiProblem } from './client/api-problem.ts'
import { timeOfDay } from './client/duration.ts'
import { tame } from './client/text.ts'
import type { LogList } from './client/types.ts'
import type { Session } from './session.ts'

export interface LogsWanted {
  readonly platform: string
  readonly machine: string | undefined
  readonly step: string | undefined
  readonly follow: boolean
}
type Attempt = LogList['items'][number]

export async function showLogs({ api, names, print, world }: Session, wanted: LogsWanted): Promise<void> {
  const platform = await names.platformId(wanted.platform)
  const query = { machine: wanted.machine, step: wanted.step }
  if (!wanted.follow) {
    const items = await api.logs(platform, query)
    if (items.length === 0) await requireThere(api, platform, wanted)
    print.data(items, (paint) =>
      items.length === 0
        ? ['No script has said anything yet.']
        : items.flatMap((item) => [
            paint('quiet', heading(item)),
            ...linesOf(item.text),
            ...(item.outcome ? [paint('quiet', ending(item))] : []),
          ]),
    )
    return
  }
  const reached = new Map<string, number>()
  let last: string | undefined
  for (;;) {
    const items = await api.logs(platform, query)
    for (const item of items) {
      const text = await rest(item, reached.get(item.attempt) ?? 0)
      if (text === '') continue
      if (last !== item.attempt) world.out.write(`${print.paint('quiet', heading(item))}\n`)
      last = item.attempt
      world.out.write(tame(text))
    }
    await sleep(1000, undefined, { signal: world.signal })
  }

  /** What of an attempt's log was not shown yet. */
  async function rest(item: Attempt, from: number): Promise<string> {
    let text = ''
    let at = from
    let part: Attempt | undefined = item.offset === from ? item : undefined
    while (part === undefined || part.next > at) {
      part ??= (await api.logs(platform, { attempt: item.attempt, after: at }))[0]
      if (part === undefined || part.next <= at) break
      text += part.text
      at = part.next
      part = undefined
    }
    reached.set(item.attempt, at)
    return text
  }
}

/** Nothing was said: because nothing runs there, or because there is no such machine or step? */
async function requireThere({ logs, platform: show }: Session['api'], platform: string, wanted: LogsWanted) {
  const { machine, step } = wanted
  const members = (await show(platform)).groups.flatMap((group) => group.members)
  if (
    machine !== undefined &&
    !members.some((each) => [each.name, each.machine].includes(machine.replace(/@\d+$/, '')))
  ) {
    throw missing(
      'machine',
      machine,
      members.map((each) => each.name),
    )
  }
  if (step === undefined) return
  const said = new Set((await logs(platform, { machine })).map((item) => item.name))
  if (said.size > 0) throw missing('step', step, [...said])
}

function missing(kind: string, name: string, there: readonly string[]): ApiProblem {
  return new ApiProblem({
    code: 'not_found',
    status: 404,
    detail: `There is no ${kind} ${name} that said anything.`,
    next: `There are ${there.join(', ') || 'none yet'}.`,
  })
}

function heading(item: Attempt): string {
  const where = item.member ? `  on ${item.member.split('@')[0]}` : ''
  const again = item.number > 1 ? `  attempt ${item.number}` : ''
  return `== ${item.name}${where}${again}  ${timeOfDay(item.startedAt)}`
}

function ending(item: Attempt): string {
  return `-- ${item.outcome}${item.exitCode === null ? '' : `, exit code ${item.exitCode}`}${item.detail ? `: ${tame(item.detail)}` : ''}`
}

function linesOf(text: string): string[] {
  return text === '' ? [] : tame(text).replace(/\n$/, '').split('\n')
}
