// Events: every change, in the order in which it was committed.

import type { Command } from 'commander'
import { timeOfDay } from '../client/duration.ts'
import { follow } from '../client/events.ts'
import type { Paint } from '../client/text.ts'
import { pad, tame } from '../client/text.ts'
import type { Event } from '../client/types.ts'
import type { Runner } from '../session.ts'
import { UsageError } from '../usage.ts'

interface ListOptions {
  readonly platform?: string
  readonly after?: string
  readonly follow?: boolean
}

export function addEvent(parent: Command, { run }: Runner): void {
  parent
    .command('event')
    .description('every change, in order')
    .command('list', { isDefault: true })
    .description('those after an event, or all that are kept')
    .option('--platform <platform>', 'only those of one platform')
    .option('--after <id>', 'begin after this event')
    .option('-f, --follow', 'go on as they come')
    .action(
      run<ListOptions>(async ({ api, names, print, world }, { options }) => {
        if (options.after !== undefined && !/^\d{1,15}$/.test(options.after)) {
          throw new UsageError(`--after ${options.after}: give the number of an event.`)
        }
        const platform = options.platform === undefined ? undefined : await names.pastPlatformId(options.platform)
        if (options.follow) {
          const query = { platform }
          const stream = follow(api.server, '/v1/events', { query, after: options.after ?? '0', signal: world.signal })
          for await (const { data } of stream) {
            const event = data as Event // sent by the server whose own types these are
            const text = print.output === 'table' ? line(event, widest, print.paint) : JSON.stringify(event)
            world.out.write(`${text}\n`)
          }
          return
        }
        const events: Event[] = []
        for (let after = Number(options.after ?? 0), more = true; more; ) {
          const page = await api.events({ platform, after, limit: 200 })
          events.push(...page.items)
          after = page.next
          more = page.more
        }
        const width = Math.max(0, ...events.map((event) => event.kind.length))
        print.data(events, (paint) => events.map((event) => line(event, width, paint)))
      }),
    )
}

// What follows is not known yet: the longest kind there is.
const widest = 'installation.created'.length

function line(event: Event, width: number, paint: Paint): string {
  const change = event.to === null ? '' : `${event.from ?? '-'} -> ${event.to}`
  const what = event.step ?? `${event.subject.kind} ${event.subject.id}`
  const why = event.cause ? `  (${tame(event.cause)})` : ''
  return `${paint('quiet', pad(String(event.id), 6))}  ${timeOfDay(event.at)}  ${pad(event.kind, width)}  ${what}  ${change}${why}`.trimEnd()
}
