// Receipts: for each provider object, the observation that proved it gone.

import type { Command } from 'commander'
import { ago, timeOfDay } from '../client/duration.ts'
import { table } from '../client/table.ts'
import { count, type Paint, words } from '../client/text.ts'
import type { Receipt } from '../client/types.ts'
import type { Runner } from '../session.ts'

export function addReceipt(parent: Command, { run }: Runner): void {
  const receipt = parent.command('receipt').description('proof that what was deleted is gone')
  receipt
    .command('list')
    .description('all you may see')
    .action(
      run(async ({ api, print, world }) => {
        const receipts = await api.receipts()
        print.data(receipts, (paint) =>
          table(
            ['ID', 'PLATFORM', 'STATE', 'OBJECTS', 'AGE'],
            receipts.map((r) => [r.id, r.platformName, r.state, r.objects.length, ago(r.createdAt, world.now())]),
            paint,
          ),
        )
      }),
    )
  receipt
    .command('show <receipt>')
    .description('one, object by object')
    .action(
      run(async ({ api, names, print }, { args: [id = ''] }) => {
        const found = await api.receipt(names.receipt(id))
        print.data(found, (paint) => receiptLines(found, paint))
      }),
    )
}

function receiptLines(receipt: Receipt, paint: Paint): string[] {
  const tone = receipt.state === 'complete' ? 'good' : 'busy'
  return [
    `receipt ${receipt.id}  platform ${paint('strong', receipt.platformName)}  ${paint(tone, receipt.state)}  ${count(receipt.objects.length, 'object')}`,
    ...table(
      ['MEMBER', 'KIND', 'PROVIDER', 'ITS OWN ID', 'PROOF', 'OBSERVED GONE'],
      receipt.objects.map((object) => [
        object.member,
        object.kind,
        object.providerName,
        object.nativeRef,
        words(object.proof),
        object.reopenedAt ? `seen again at ${timeOfDay(object.reopenedAt)}` : timeOfDay(object.observedAt),
      ]),
      paint,
    ),
  ]
}
