// What would happen, before it happens.

import { usualTime } from './client/duration.ts'
import { facts, table } from './client/table.ts'
import type { Paint } from './client/text.ts'
import type { PlatformPreview } from './client/types.ts'
import { amountOf } from './quota-text.ts'

/** A dry run for the eye; ends by saying that nothing was changed. */
export function previewLines(name: string, project: string, preview: PlatformPreview, paint: Paint): string[] {
  const { plan, quote } = preview
  const quota = Object.entries(quote.quota).map(([key, { wanted, left }]) => {
    return `${key} ${amountOf(key, wanted)} of ${left === 'unlimited' ? 'unlimited' : `${amountOf(key, left)} left`}`
  })
  const { seconds, costPerHour, costReason } = quote
  return [
    `Plan for platform ${paint('strong', name)} (${preview.blueprint.replace('@', ' ')}) in project ${project}`,
    ...table(
      ['  MACHINE', 'FLAVOR', 'WHERE', 'WHY THERE'],
      plan.members.map((m) => [
        `+ ${m.name}`,
        m.flavor,
        [m.providerName, m.zone, m.host].filter((part) => part !== null).join('/'),
        m.why,
      ]),
      paint,
    ),
    ...facts(
      [
        ['steps', plan.steps.length],
        ['usual time', seconds ? usualTime(seconds) : 'not known yet: none was built here'],
        ['quota', quota.join(', ')],
        ['cost', costPerHour ? `${costPerHour.amount} ${costPerHour.currency}/h` : `not known: ${costReason}`],
      ],
      paint,
    ),
    'Nothing was changed.',
  ]
}
