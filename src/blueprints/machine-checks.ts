import { unreachable } from '../kernel/unreachable.ts'
import type { Blueprint } from './document.ts'
import type { MachineCheckSpec } from './language/check.ts'
import { durationMs } from './language/primitives.ts'

/** A recurring check with everything filled in. */
export interface MachineCheck {
  /** Bash, run on the machine as root; exit code 0: well. */
  readonly script: string
  /** What it looks at, for people: `port 2377`. */
  readonly what: string
  readonly everyMs: number
  readonly timeoutMs: number
  readonly failures: number
  readonly successes: number
  readonly onFailure: 'tell' | 'recreate'
}

/** Group -> how its machines are checked; groups without a check are left out. */
export function machineChecks(blueprint: Blueprint): ReadonlyMap<string, MachineCheck> {
  const specs = Object.entries(blueprint.document.health?.machines ?? {})
  return new Map(specs.map(([group, spec]) => [group, filledIn(blueprint, spec)]))
}

/** ms between two checks of the whole platform while all is well; null: it has no check. */
export function platformCheckEveryMs({ document }: Blueprint): number | null {
  const spec = document.health?.platform
  return spec === undefined ? null : durationMs(spec.every ?? '10s')
}

/** How it is found out whether what a step did still holds. */
export interface StepVerify {
  readonly step: string
  readonly path: string
  readonly script: string
  readonly everyMs: number
}

export function stepVerifies(blueprint: Blueprint): StepVerify[] {
  return Object.entries(blueprint.document.steps ?? {}).flatMap(([step, { verify, every }]) => {
    if (verify === undefined) return []
    const script = blueprint.scripts[verify]?.text ?? missing(verify)
    return [{ step, path: verify, script, everyMs: durationMs(every ?? '1m') }]
  })
}

function filledIn(blueprint: Blueprint, spec: MachineCheckSpec): MachineCheck {
  return {
    ...askedBy(blueprint, spec),
    everyMs: durationMs(spec.every ?? '10s'),
    timeoutMs: durationMs(spec.timeout ?? '2s'),
    failures: spec.failures ?? 3,
    successes: spec.successes ?? 2,
    onFailure: spec.onFailure ?? 'tell',
  }
}

function askedBy(blueprint: Blueprint, spec: MachineCheckSpec): Pick<MachineCheck, 'script' | 'what'> {
  if ('ssh' in spec) return { script: 'true', what: 'SSH' }
  if ('tcp' in spec) return { script: opened(spec.tcp.port), what: `port ${spec.tcp.port}` }
  if ('http' in spec) {
    const { port, path = '/' } = spec.http
    return { script: `${opened(port)}\n${asked(path)}`, what: `http port ${port} ${path}` }
  }
  if ('run' in spec) return { script: blueprint.scripts[spec.run]?.text ?? missing(spec.run), what: spec.run }
  return unreachable(spec)
}

function missing(path: string): never {
  throw new Error(`${path} is not in the blueprint`)
}

// bash opens the connection itself, so nothing need be installed on the machine.
function opened(port: number): string {
  return `exec 3<>/dev/tcp/127.0.0.1/${port} || { echo "nobody answers on port ${port}"; exit 1; }`
}

function asked(path: string): string {
  return [
    `printf 'GET %s HTTP/1.0\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' '${path}' >&3`,
    // A server may leave the words after the number out, and then the end of the line follows it.
    "IFS=$' \\r' read -r _ status _ <&3",
    'case "$status" in [23][0-9][0-9]) exit 0;; "") echo "it does not answer in HTTP"; exit 1;; esac',
    'echo "it answers $status"',
    'exit 1',
  ].join('\n')
}
