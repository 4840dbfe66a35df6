// One file that holds the whole installation but its master key: from the server by its API, or from a data folder here.

import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import type { Paint } from '../client/text.ts'
import type { Runner, Session } from '../session.ts'
import { UsageError } from '../usage.ts'
import type { BackupFacts, LocalBackups } from '../world.ts'

interface BackupOptions {
  readonly data?: string
}

export function addBackup(parent: Command, { run }: Runner): void {
  parent
    .command('backup <file>')
    .description('write the whole installation to one file, while it works')
    .option('--data <folder>', 'of a data folder on this machine, instead of the server')
    .action(
      run<BackupOptions>(async (session, { args: [file = ''], options }) => {
        const { print } = session
        const backups = await localBackups(session)
        if (existsSync(file)) throw new UsageError(`${file} exists; a backup never replaces a file.`)
        const facts =
          options.data === undefined ? await download(session, backups, file) : await backups.take(options.data, file)
        print.data({ file, ...facts, takenAt: new Date(facts.takenAt).toISOString() }, (paint) => [
          ...factLines(file, facts, paint),
          `Its secrets open only with the master key ${facts.masterKey}, which is not in it:`,
          "keep a copy of the server's <data>/master.key in another place than the backups.",
        ])
      }),
    )
}

/** Throws UsageError where the command line runs apart from an installation. */
export async function localBackups({ world }: Session): Promise<LocalBackups> {
  const backups = await world.local?.backups()
  if (!backups) throw new UsageError('Backups are files, and this command line has no files.')
  return backups
}

export function factLines(file: string, facts: BackupFacts, paint: Paint): string[] {
  const taken = new Date(facts.takenAt).toISOString()
  return [
    `${paint('good', file)}  ${(facts.bytes / 2 ** 20).toFixed(1)} MiB, checked`,
    `  installation ${facts.installation}, Gantry ${facts.version}, taken at ${taken}`,
  ]
}

// It has its name only when it was checked as a whole: what was cut on its way is no backup.
async function download({ api, world }: Session, backups: LocalBackups, file: string): Promise<BackupFacts> {
  const draft = `${file}.part`
  try {
    const response = await api.backup()
    if (!response.body) throw new Error('the server answered with no body')
    await pipeline(Readable.fromWeb(response.body), createWriteStream(draft, { mode: 0o600, flush: true }), {
      signal: world.signal,
    })
    const facts = await backups.check(draft)
    renameSync(draft, file)
    return facts
  } finally {
    rmSync(draft, { force: true })
  }
}
