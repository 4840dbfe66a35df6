import type { MemberRef } from './plan-types.ts'

// What a script finds in its environment. Names are made here and nowhere else, so that the checks that refuse a
// collision and the engine that fills the values cannot disagree.

/** Variables every script gets, and what they mean; an input may not take one of these names. */
export const builtinVariables = {
  GANTRY_PLATFORM: 'Name of the platform.',
  GANTRY_MEMBER: 'The member it runs on, with its incarnation: worker-1@2.',
  GANTRY_GROUP: 'Its group: worker.',
  GANTRY_ORDINAL: 'Its number in the group, from 0.',
  GANTRY_ADDRESS: 'The address by which other members reach it.',
  GANTRY_ZONE: 'Its zone.',
  GANTRY_SUBJECT: 'In leave scripts: the member that leaves, with its incarnation.',
  GANTRY_SUBJECT_ADDRESS: 'In leave scripts: its address, empty when it never had one.',
  GANTRY_SUBJECT_ANSWERS: 'In leave scripts: true or false, whether it still answers SSH.',
  GANTRY_OUTPUT: 'Path of the file to which the script writes its outputs as name=value lines.',
} as const
export type BuiltinVariable = keyof typeof builtinVariables

/** Prefix of the values that `with` had when the step last succeeded. */
export const previousPrefix = 'GANTRY_PREVIOUS_'

/** Names that bash, sudo or the dynamic linker give a meaning of their own. */
const taken = new Set(
  (
    'PATH HOME USER LOGNAME SHELL PWD OLDPWD IFS LANG TERM TZ ENV BASH BASHOPTS BASH_ENV SHELLOPTS SHLVL UID EUID PPID ' +
    'RANDOM SECONDS LINENO HOSTNAME OPTARG OPTIND PS4 TMPDIR MAIL MACHTYPE OSTYPE HOSTTYPE DEBIAN_FRONTEND'
  ).split(' '),
)

/** Environment name of an input: `managerAddress` and `manager-address` both become MANAGER_ADDRESS. */
export function environmentName(input: string): string {
  return input
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toUpperCase()
}

/** Why an input may not have this environment name, or null. */
export function refusedName(environment: string): string | null {
  if (environment.startsWith('GANTRY_')) return `${environment} is Gantry's own`
  if (environment.startsWith('LC_') || environment.startsWith('LD_') || environment.startsWith('BASH_')) {
    return `${environment} changes how programs run`
  }
  return taken.has(environment) ? `${environment} has a meaning of its own in a shell` : null
}

export interface MemberFacts {
  readonly ref: MemberRef
  readonly group: string
  readonly ordinal: number
  /** Empty when it is not known. */
  readonly address: string
  readonly zone: string
}

/**
 * The built-in variables of one run of a script, all but GANTRY_OUTPUT, which the runner sets on the machine.
 * The subject's are there only when there is one.
 */
export function builtinEnvironment(
  platform: string,
  executor: MemberFacts,
  subject: (Pick<MemberFacts, 'ref' | 'address'> & { readonly answers: boolean }) | null,
): Partial<Record<BuiltinVariable, string>> {
  return {
    GANTRY_PLATFORM: platform,
    GANTRY_MEMBER: executor.ref,
    GANTRY_GROUP: executor.group,
    GANTRY_ORDINAL: String(executor.ordinal),
    GANTRY_ADDRESS: executor.address,
    GANTRY_ZONE: executor.zone,
    ...(subject !== null && {
      GANTRY_SUBJECT: subject.ref,
      GANTRY_SUBJECT_ADDRESS: subject.address,
      GANTRY_SUBJECT_ANSWERS: String(subject.answers),
    }),
  }
}
