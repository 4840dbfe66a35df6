// Who holds a lease. A process that sees the owner dead on its own machine need not wait for the lease
// to run out: pid alone is not enough (pids are reused), so boot id, pid namespace and start time join it.

import { readFileSync, readlinkSync } from 'node:fs'
import { z } from 'zod'

export const ownerSchema = z.object({
  process: z.string(),
  bootId: z.string(),
  pidNamespace: z.string(),
  pid: z.number(),
  startTime: z.string(),
})
export type Owner = z.infer<typeof ownerSchema>

/** How an engine knows itself and others on its machine; tests pass their own. */
export interface Processes {
  readonly self: Owner
  /** True only when it is certain that the owner's process is over. */
  isDead(owner: Owner): boolean
}

/** `process` is a fresh id of this engine instance. */
export function localProcesses(process_: string): Processes {
  const self: Owner = {
    process: process_,
    bootId: readText('/proc/sys/kernel/random/boot_id') ?? 'unknown',
    pidNamespace: readLink('/proc/self/ns/pid') ?? 'unknown',
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? 'unknown',
  }
  return {
    self,
    isDead(owner) {
      if (owner.process === self.process) return false
      if (owner.bootId === 'unknown' || owner.bootId !== self.bootId || owner.pidNamespace !== self.pidNamespace)
        return false
      if (owner.pid === self.pid) return owner.startTime !== self.startTime
      const started = startTimeOf(owner.pid)
      return started === undefined || started !== owner.startTime
    },
  }
}

/** Field 22 of /proc/<pid>/stat (proc(5)), counted after the command's closing bracket. */
function startTimeOf(pid: number): string | undefined {
  return readText(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ')[19]
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
