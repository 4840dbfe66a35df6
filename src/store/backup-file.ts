// A backup is one file: a line of JSON that says what it is, then the database as SQLite keeps it. The line holds length
// and checksum, so that a cut or changed file is refused before anything is made of it, and `head -1` tells a person what
// they have. Secrets in it are ciphertext: the master key is not in it, only a fingerprint to know the right one by.

import { createHash } from 'node:crypto'
import { closeSync, createReadStream, fsyncSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs'
import { z } from 'zod'
import { ProblemError } from '../kernel/problem.ts'

const headerSchema = z.object({
  format: z.literal('gantry-backup/1'),
  /** Of the Gantry that wrote it. */
  version: z.string(),
  installation: z.string(),
  /** ms since 1970. */
  takenAt: z.int(),
  /** Of the database that follows. */
  bytes: z.int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Fingerprint of the master key that opens its secrets. */
  masterKey: z.string(),
})
export type BackupHeader = z.output<typeof headerSchema>

/** More than any first line takes; a file without one in so many bytes is no backup. */
const longestLine = 4_096
const chunkBytes = 1 << 20

/** The bytes of a backup of the database in `snapshot`: read twice, once for the checksum. */
export async function* backupBytes(
  snapshot: string,
  about: Omit<BackupHeader, 'format' | 'bytes' | 'sha256'>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(snapshot, { highWaterMark: chunkBytes })) hash.update(chunk)
  const { size } = statSync(snapshot)
  const header: BackupHeader = { format: 'gantry-backup/1', ...about, bytes: size, sha256: hash.digest('hex') }
  yield Buffer.from(`${JSON.stringify(header)}\n`)
  for await (const chunk of createReadStream(snapshot, { highWaterMark: chunkBytes })) yield chunk
}

/** What the file says of itself. Throws ProblemError 'invalid_request' for a file that is no backup. */
export function readBackupHeader(file: string): BackupHeader {
  return opened(file, (handle) => headerOf(file, handle).header)
}

/**
 * Reads the whole file and checks it; with `to`, writes the database there, a new file readable by its owner alone, on the
 * disk when this returns. Throws ProblemError 'invalid_request' for a file that is no backup, was cut or was changed, and
 * leaves nothing behind then.
 */
export function unpackBackup(file: string, to: string | null): BackupHeader {
  return opened(file, (handle) => {
    const { header, start } = headerOf(file, handle)
    const { size } = statSync(file)
    if (size !== start + header.bytes) {
      const what = size < start + header.bytes ? 'was cut short' : 'is longer than it says'
      throw broken(`${file} ${what}: ${size} bytes instead of ${start + header.bytes}.`)
    }
    const target = to === null ? null : openSync(to, 'wx', 0o600)
    let whole = false
    try {
      const hash = createHash('sha256')
      const chunk = Buffer.alloc(chunkBytes)
      for (let at = start; at < size; ) {
        const read = readSync(handle, chunk, 0, chunk.length, at)
        if (read === 0) throw broken(`${file} was cut short while it was read.`)
        const piece = chunk.subarray(0, read)
        hash.update(piece)
        if (target !== null) writeAll(target, piece)
        at += read
      }
      if (hash.digest('hex') !== header.sha256)
        throw broken(`${file} was changed since it was written: its checksum differs.`)
      if (target !== null) fsyncSync(target)
      whole = true
      return header
    } finally {
      if (target !== null) closeSync(target)
      if (to !== null && !whole) rmSync(to, { force: true })
    }
  })
}

function writeAll(target: number, piece: Buffer): void {
  for (let at = 0; at < piece.length; ) at += writeSync(target, piece, at)
}

function opened<T>(file: string, work: (handle: number) => T): T {
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ProblemError(
      { code: 'invalid_request', detail: `${file} cannot be read: ${reason}.`, next: 'Name a file of gantry backup.' },
      { cause },
    )
  }
  try {
    return work(handle)
  } finally {
    closeSync(handle)
  }
}

function headerOf(file: string, handle: number): { header: BackupHeader; start: number } {
  const first = Buffer.alloc(longestLine)
  const read = readSync(handle, first, 0, longestLine, 0)
  const end = first.subarray(0, read).indexOf(10)
  const parsed = headerSchema.safeParse(end < 0 ? undefined : jsonOf(first.toString('utf8', 0, end)))
  if (parsed.success) return { header: parsed.data, start: end + 1 }
  throw broken(`${file} is no backup of Gantry, or was cut within its first line.`)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function broken(detail: string): ProblemError {
  return new ProblemError({ code: 'invalid_request', detail, next: 'Take another backup file; nothing was changed.' })
}
