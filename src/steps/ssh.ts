// Identity before trust: nothing runs on a machine before it has proved, on this connection, that it is
// the incarnation we made. A machine that is booting refuses connections; that is waiting, not failing.

import { RemoteFault } from '../bootstrap/remote.ts'
import type { StepKind } from '../engine/step-kind.ts'
import { remoteOutcome } from './fault-problem.ts'
import { type RemoteStepDeps, targetOf } from './target.ts'

export function sshStep({ remote }: RemoteStepDeps): StepKind {
  return {
    kind: 'ssh',
    revision: 1,
    async ensure(ctx) {
      if (ctx.step.kind !== 'ssh') throw new Error(`not an ssh step: ${ctx.step.key}`)
      const machine = ctx.machine(ctx.step.input.member)
      try {
        await ctx.mayAct()
        await remote.prove(await targetOf(ctx, machine), ctx.signal)
        return { kind: 'done', machine: machine.state === 'booting' ? { state: 'bootstrapping' } : {} }
      } catch (error) {
        if (error instanceof RemoteFault) return remoteOutcome(error, { machine: machine.id, member: machine.member })
        throw error
      }
    },
  }
}
