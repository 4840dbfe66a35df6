import { spawnSync } from 'node:child_process'
import { existsSync, renameSync } from 'node:fs'
import { expect, test } from 'vitest'
import { makeFolder, sweepFolders } from './folder.ts'

test('a folder goes when its process is over, and stays while it runs', () => {
  using mine = makeFolder()
  const over = spawnSync(process.execPath, ['-e', '']).pid
  const left = mine.path.replace(`-${process.pid}-`, `-${over}-`)
  {
    using other = makeFolder()
    renameSync(other.path, left)
  }
  sweepFolders()
  expect(existsSync(left)).toBe(false)
  expect(existsSync(mine.path)).toBe(true)
})
