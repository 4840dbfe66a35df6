import { appendEvent } from '../../events/index.ts'
import { backupBytes } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'

/** A backup of the installation as it is now, in pieces; the copy beside the database goes when they were read. */
export async function* takeBackup(
  { store, seams, info }: Pick<Rooms, 'store' | 'seams' | 'info'>,
  actor: string,
): AsyncGenerator<Uint8Array> {
  const { id } = await store.read.selectFrom('installation').select('id').executeTakeFirstOrThrow()
  // Before the copy: the backup itself says that it was taken, and who took it.
  await store.write((tx) =>
    appendEvent(tx, seams, { kind: 'backup.taken', subject: { kind: 'installation', id }, actor }),
  )
  const takenAt = seams.clock.now()
  using copy = await store.snapshot()
  yield* backupBytes(copy.path, { version: info.version, installation: id, takenAt, masterKey: info.masterKeyPrint })
}
