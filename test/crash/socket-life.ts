// A life with everything real below the seams but the machines' metal: the simulated provider's own process,
// TCP, SSH and the remote runner, on the wall clock.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configSchema } from '../../providers/simulated/config.ts'
import { simulated, stopWorld, worldControl } from '../../providers/simulated/index.ts'
import type { BlueprintFiles } from '../../src/blueprints/index.ts'
import { sshRemote } from '../../src/bootstrap/index.ts'
import { realSeams } from '../../src/kernel/real-seams.ts'
import type { Seams } from '../../src/kernel/seams.ts'
import { type Life, processesOn } from './installation.ts'
import type { Template } from './template.ts'

const journal = '/var/tmp/starts'

/** The blueprint with scripts that note each start on their machine: the output file's path names the attempt. */
export function journalled(files: BlueprintFiles): BlueprintFiles {
  const noted = Object.entries(files).map(([path, text]): [string, string] => {
    const first = 'set -euo pipefail\n'
    return [path, path.endsWith('.sh') ? text.replace(first, `${first}echo "$GANTRY_OUTPUT" >> ${journal}\n`) : text]
  })
  return Object.fromEntries(noted)
}

export async function openSocketLife(template: Template): Promise<Life> {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-world-'))
  const seams = realSeams()
  const session = await simulated.connect(configSchema.parse({ folder, world: { bootMs: 100, workFactor: 0 } }), seams)
  const control = await worldControl(folder)
  const remote = sshRemote(seams)
  const processes = processesOn(
    template,
    {},
    { life: realLife, session, blind: session, remote, wait: (promise) => promise },
  )
  return {
    template,
    wait: (promise) => promise,
    start: processes.start,
    living: async () => (await control.machines()).map(({ key, ref }) => ({ key, ref })),
    async vanish(slot) {
      const victim = (await control.machines()).find((machine) => machine.key.endsWith(`/${slot}@1`))
      if (victim) await control.kill(victim.ref, 'vanished')
    },
    async startedTwice() {
      const ids: string[] = []
      for (const machine of await control.machines()) {
        const { stdout } = await control.run(machine.ref, `cat ${journal} 2>/dev/null || true`)
        ids.push(...stdout.split('\n').filter((line) => line !== ''))
      }
      if (ids.length === 0 && (await control.machines()).length > 0) throw new Error('no script left its mark')
      return ids.filter((id, i) => ids.indexOf(id) !== i)
    },
    async [Symbol.asyncDispose]() {
      await processes.dispose()
      await remote[Symbol.asyncDispose]()
      await control.close()
      await session[Symbol.asyncDispose]()
      await stopWorld(folder)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The wall clock, for a process that can die: after `end()` none of its sleeps ends. */
function realLife(): { seams: Seams; end(): void } {
  const real = realSeams()
  let over = false
  const sleep: Seams['clock']['sleep'] = async (ms, signal) => {
    await real.clock.sleep(ms, signal)
    if (over) await new Promise(() => undefined)
  }
  return {
    seams: { ...real, clock: { now: real.clock.now, sleep } },
    end: () => {
      over = true
    },
  }
}
