// Ends processes by the numbers that the runner recorded, after making sure that they are still the same processes:
// numbers are used again, and this machine is not ours alone.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { realSeams } from '../../../src/kernel/real-seams.ts'

/** Kills the process, or with `group` its whole process group, if it is the one that started at `started` ticks. */
export async function endProcess(pid: number, started: string, group: boolean): Promise<void> {
  if (existsSync('/proc/self/stat') && (await startOf(pid)) !== started) return
  try {
    process.kill(group ? -pid : pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
  for (let naps = 0; naps < 400 && (await startOf(pid)) === started; naps++) await realSeams().clock.sleep(5)
}

/** Start time of a living process as the runner records it; undefined for a dead one. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const [state, ...fields] = stat.slice(stat.lastIndexOf(') ') + 2).split(' ')
  return state === 'Z' || state === 'X' ? undefined : fields[18]
}
