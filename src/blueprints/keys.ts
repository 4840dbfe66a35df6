import { sha256 } from '../kernel/canonical.ts'
import type { MemberRef } from './plan-types.ts'

// Keys are how a plan and the records of what was done meet, release after release: they never change their form.

export const machineKey = (member: MemberRef): string => `machine/${member}`
export const sshKey = (member: MemberRef): string => `ssh/${member}`
export const powerKey = (member: MemberRef): string => `power/${member}`
/** `number` counts from 1: every start anew that a person asked for is a step of its own. */
export const restartKey = (member: MemberRef, number: number): string => `restart/${member}#${number}`
export const isPowerKey = (key: string): boolean => key.startsWith('power/')
export const eachKey = (member: MemberRef, step: string): string => `script/${member}/${step}`
/** `founding` counts from 1: every founding anew, which a person decided, is a step of its own. */
export const onceKey = (step: string, founding = 1): string =>
  founding === 1 ? `script/${step}` : `script/${step}#${founding}`
export const freshKey = (step: string): string => `fresh/${step}`
export const drainKey = (member: MemberRef): string => `drain/${member}`
export const returnKey = (member: MemberRef): string => `return/${member}`
export const leaveKey = (member: MemberRef): string => `leave/${member}`

/** `op/<task>/<step>`, or `op/<task>/<member>/<step>` where it is of each: so no two runs of an operation share a record. */
export function operationKey(task: string, step: string, member: MemberRef | null): string {
  return member === null ? `${operationPrefix(task)}${step}` : `${operationPrefix(task)}${member}/${step}`
}
export const operationPrefix = (task: string): string => `op/${task}/`
export const isOperationKey = (key: string): boolean => key.startsWith('op/')

/** A gate's key holds what it guards, so that every change of members, or of what they are to be, has a gate of its own. */
export function gateKey(name: string, guards: readonly string[]): string {
  return `gate/${name}/${sha256(guards.join('\n')).slice(0, 16)}`
}
