import type { NativeRef, Observed } from '../../../src/provider/contract.ts'
import type { FaultSwitches } from '../world/layout.ts'
import { callerOf } from './client.ts'
import type { Answers, Takes } from './protocol.ts'
import { readAddress } from './start.ts'

// The hand of fate, for tests and demos: what no cloud offers.

export type Harm = Takes<'kill'>['how']

export interface WorldControl {
  /** Every machine that is not gone, whoever owns it. */
  machines(): Promise<readonly Observed[]>
  /** Turns the given switches and answers all of them as they are now. */
  faults(change: Partial<FaultSwitches>): Promise<FaultSwitches>
  /**
   * `silent`: answers nothing; `failed`: and the cloud says so; `vanished`: gone, nobody asked; `off`: no power;
   * `changed`: it runs, and is another than was asked for.
   */
  kill(ref: NativeRef, how: Harm): Promise<void>
  /** Runs a script on a machine as root, past SSH. */
  run(ref: NativeRef, script: string): Promise<Answers<'run'>>
  close(): Promise<void>
}

/** The control of the world that lives in `folder`. Throws ProviderFault `transient` when there is none. */
export async function worldControl(folder: string): Promise<WorldControl> {
  const caller = callerOf(await readAddress(folder))
  return {
    machines: () => caller.call('machines', {}),
    faults: (change) => caller.call('faults', change),
    kill: async (ref, how) => {
      await caller.call('kill', { ref, how })
    },
    run: (ref, script) => caller.call('run', { ref, script }),
    close: caller.close,
  }
}
