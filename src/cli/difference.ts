// What a change would do, before it does it.

import { usualTime } from './client/duration.ts'
import { table } from './client/table.ts'
import type { Paint } from './client/text.ts'
import type { PlatformDifference } from './client/types.ts'
import { amountOf } from './quota-text.ts'

const signs = { stays: ' ', changes: '~', replaced: '±', removed: '-', added: '+', returns: '+' } as const
/** Members that stay are counted when there are more than so many. */
const mostStaying = 5

/** A dry run of a change for the eye; ends by saying that nothing was changed. */
export function differenceLines(name: string, plan: PlatformDifference, paint: Paint): string[] {
  const staying = plan.members.filter((member) => member.what === 'stays')
  const shown = plan.members.filter((member) => member.what !== 'stays' || staying.length <= mostStaying)
  const quota = Object.entries(plan.quote.quota).map(([key, { wanted, left }]) => {
    const sign = wanted < 0 ? '-' : '+'
    const of = left === 'unlimited' ? 'unlimited' : `${amountOf(key, left)} left`
    return `${key} ${sign}${amountOf(key, Math.abs(wanted))} of ${of}`
  })
  const { seconds } = plan.quote
  return [
    `Change of platform ${paint('strong', name)} to generation ${plan.generation} (${plan.blueprint.replace('@', ' ')})`,
    ...plan.changed.map((parameter) => `  ${parameter} = ${String(plan.parameters[parameter])}`),
    ...table(
      ['  MEMBER', 'WHAT', 'WAVE', 'WHERE', 'WHY'],
      shown.map((member) => [
        `${signs[member.what]} ${member.member}`,
        member.what,
        member.wave === null ? '' : member.wave === 0 ? 'at once' : String(member.wave),
        [member.providerName, member.zone, member.host].filter((part) => part !== null).join('/'),
        member.why,
      ]),
      paint,
    ),
    ...(staying.length > mostStaying ? [`  ${staying.length} members stay as they are`] : []),
    ...(quota.length > 0 ? [`  quota      ${quota.join(', ')}`] : []),
    `  cost       ${costLine(plan.quote)}`,
    ...(seconds ? [`  usual time ${usualTime(seconds)}`] : []),
    'Nothing was changed.',
  ]
}

/** `0.10 -> 0.15 EUR/h, at most 0.20 while it runs`, or why it is not known. */
function costLine({ costPerHour: { before, during, after }, costReason }: PlatformDifference['quote']): string {
  if (!before || !during || !after) return `not known: ${costReason}`
  const most = Number(during.amount) > Number(after.amount) && Number(during.amount) > Number(before.amount)
  return `${before.amount} -> ${after.amount} ${after.currency}/h${most ? `, at most ${during.amount} while it runs` : ''}`
}
