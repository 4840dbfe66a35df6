import { noOutput, type Result } from '../shell/inside.ts'
import type { SimMachine } from '../world/sim-machine.ts'

/** Runs a command as the login shell of the machine's user does. */
export async function login(
  machine: SimMachine,
  command: string,
  stdin: string,
  env: Readonly<Record<string, string>>,
): Promise<Result> {
  const inside = machine.inside()
  const user = inside.userNamed(machine.request.loginUser) ?? inside.root
  return inside.spawn({
    run: { kind: 'program', argv: ['bash', '-c', command] },
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin:/usr/games',
      HOME: user.home,
      USER: user.name,
      LOGNAME: user.name,
      SHELL: '/bin/bash',
      ...(await inside.environment()),
      ...env,
    },
    cwd: user.home,
    user,
    stdin,
    prelude: '',
    output: noOutput,
    parent: null,
    tiedTo: null,
  }).done
}
