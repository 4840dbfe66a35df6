import type { Remote, RemoteTarget } from '../bootstrap/remote.ts'
import type { MachineFacts, StepContext } from '../engine/step-kind.ts'

/** How to reach and recognise the machine of a member. */
export async function targetOf(ctx: Pick<StepContext, 'sshKey'>, machine: MachineFacts): Promise<RemoteTarget> {
  return {
    incarnation: machine.id,
    endpoints: machine.endpoints,
    user: machine.loginUser,
    hostKey: machine.hostKey,
    privateKeyPem: await ctx.sshKey(),
  }
}

export interface RemoteStepDeps {
  readonly remote: Remote
}
