// The key above all keys lives outside the database, so that a copy of the database alone opens nothing.

import { createHmac } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs'
import { ProblemError } from '../kernel/problem.ts'
import type { Seams } from '../kernel/seams.ts'
import { keyBytes } from './envelope.ts'

/**
 * Reads the master key (base64 of 32 bytes) from `path`; makes it, readable by its owner alone, when there is none
 * and `fresh` says that no database was written with another. Throws 'secret_unavailable' when it is lost, when the
 * file is no key or when others may read it.
 */
export function loadMasterKey(path: string, seams: Seams, fresh: boolean): Uint8Array {
  const key = read(path)
  if (key) return key
  if (fresh) return make(path, seams)
  const detail = `The master key ${path} is missing, and the database was written with it.`
  throw refused(detail, 'Restore it from the copy kept with your backups; nothing was changed.')
}

/** What a master key is recognised by; says nothing of the key. */
export function masterKeyPrint(key: Uint8Array): string {
  return createHmac('sha256', key).update('gantry master key').digest('hex').slice(0, 16)
}

function read(path: string): Uint8Array | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw refused(`The master key ${path} cannot be read.`, 'Give this user the right to read it.', error)
  }
  if ((statSync(path).mode & 0o077) !== 0) {
    throw refused(`The master key ${path} can be read by others.`, `Run: chmod 600 ${path}`)
  }
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length === keyBytes) return key
  throw refused(`${path} does not hold a master key.`, 'Restore it from the copy kept with your backups.')
}

// Written whole under another name and then linked, so that two processes that start together end with one
// key and a crash never leaves half of one.
function make(path: string, seams: Seams): Uint8Array {
  const key = seams.random.bytes(keyBytes)
  const draft = `${path}.${process.pid}.${Buffer.from(seams.random.bytes(6)).toString('hex')}`
  try {
    const file = openSync(draft, 'wx', 0o600)
    writeSync(file, `${Buffer.from(key).toString('base64')}\n`)
    fsyncSync(file)
    closeSync(file)
    try {
      linkSync(draft, path)
    } catch (error) {
      const other = read(path)
      if (other) return other
      throw error
    } finally {
      unlinkSync(draft)
    }
    return key
  } catch (error) {
    if (error instanceof ProblemError) throw error
    throw refused(`The master key ${path} cannot be made.`, 'Check that the folder exists and is writable.', error)
  }
}

function refused(detail: string, next: string, cause?: unknown): ProblemError {
  return new ProblemError({ code: 'secret_unavailable', detail, next }, { cause })
}
