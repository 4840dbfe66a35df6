// What a process has used, from outside it, so that measuring costs it nothing. Linux only.

import { readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second for user space on every architecture (USER_HZ). */
const ticksPerSecond = 100
const pageBytes = 4096

/** CPU seconds of the process so far, user and system, all its threads. */
export function cpuSeconds(pid: number): number {
  const fields = statOf(pid)
  // utime and stime are fields 14 and 15 of proc(5); the list begins behind the name, at field 3.
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  return Number(statOf(pid)[21]) * pageBytes
}

function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}
