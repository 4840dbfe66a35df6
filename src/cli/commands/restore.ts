// A backup becomes the data folder of another Gantry; then its report is read and accepted by a person.

import type { Command } from 'commander'
import { count, type Paint, tame } from '../client/text.ts'
import type { AnswerOf } from '../client/typed.ts'
import type { Runner } from '../session.ts'
import { UsageError } from '../usage.ts'
import { factLines, localBackups } from './backup.ts'

interface RestoreOptions {
  readonly data?: string
  readonly masterKey?: string
  readonly check?: boolean
}

type Report = AnswerOf<'get', '/v1/restore/report'>

export function addRestore(parent: Command, { run }: Runner): void {
  const restore = parent
    .command('restore')
    .argument('[file]')
    .description('make a data folder of a backup; then  restore report  and  restore accept')
    .option('--data <folder>', 'the folder to make; it must be new or empty')
    .option('--master-key <file>', 'the master key, where it is not in the folder already')
    .option('--check', 'only check the file, and make nothing')
    .action(
      run<RestoreOptions>(async (session, { args: [file], options }) => {
        if (file === undefined)
          throw new UsageError('Name the backup file.', { next: 'gantry restore <file> --data <folder>' })
        const backups = await localBackups(session)
        if (options.check) {
          const facts = await backups.check(file)
          return session.print.data(facts, (paint) => factLines(file, facts, paint))
        }
        if (options.data === undefined) throw new UsageError('Say where to with --data <folder>.')
        const facts = await backups.restore({ file, folder: options.data, masterKey: options.masterKey })
        session.print.data({ data: options.data, ...facts }, (paint) => [
          `Restored to ${paint('good', options.data ?? '')}: installation ${facts.installation} as of ${new Date(facts.takenAt).toISOString()}.`,
          'It begins in report-only mode: nothing is made, repaired or destroyed until its report is accepted.',
          `Next:  gantry serve --data ${options.data}`,
          'Then:  gantry restore report',
        ])
      }),
    )
  restore
    .command('report')
    .description('how the records of a restored Gantry and the world differ')
    .action(
      run(async ({ api, print }) => {
        const report = await api.restoreReport()
        print.data(report, (paint) => reportLines(report, paint))
      }),
    )
  restore
    .command('accept')
    .description('end report-only mode: repair, remove and go on')
    .requiredOption('--report <report>', 'the report that was read, as it names itself')
    .action(
      run<{ readonly report: string }>(async ({ api, print }, { options }) => {
        const accepted = await api.acceptRestore(options.report)
        print.data(accepted, () => [
          `Accepted. Gantry works again; keys have epoch ${accepted.restoreEpoch} from now on.`,
        ])
      }),
    )
}

function reportLines(report: Report, paint: Paint): string[] {
  const lines = [
    `Restored at ${report.restoredAt}; the records are of ${report.backupTakenAt}. Nothing is changed until this is accepted.`,
  ]
  for (const provider of report.providers) {
    lines.push('', paint('strong', `provider ${tame(provider.name)}`))
    if (provider.fault !== null) lines.push(`  ${paint('bad', 'not compared')}  ${tame(provider.fault)}`)
    const found = [
      ...provider.unknown.map((object) => ['unknown', object.key, 'will be removed']),
      ...provider.missing.map((machine) => ['missing', machine.key, 'will be made anew']),
      ...provider.ahead.map((machine) => ['ahead', machine.key, 'will be taken as it is']),
      ...provider.returned.map((machine) => ['returned', machine.key, 'will be destroyed']),
    ]
    if (found.length === 0 && provider.fault === null) lines.push('  as recorded')
    for (const [what = '', key = '', then = ''] of found)
      lines.push(`  ${paint('busy', what.padEnd(8))}  ${tame(key)}  ${paint('quiet', then)}`)
  }
  if (report.unknownPlatforms.length + report.gonePlatforms.length > 0) lines.push('')
  for (const { platform, objects } of report.unknownPlatforms)
    lines.push(`Platform ${tame(platform)} is in no record: ${count(objects, 'object')} of it exist.`)
  for (const { name, machines } of report.gonePlatforms)
    lines.push(`Platform ${tame(name)} is recorded and gone: ${count(machines, 'machine')} missing.`)
  const accept = `gantry restore accept --report ${report.report}`
  return [...lines, '', ...report.next.map((line) => tame(line).replace(/gantry restore accept$/, accept))]
}
