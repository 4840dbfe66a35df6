// What a step did on a machine is undone by somebody, found and done again, cut at every boundary.

import type { Store } from '../../src/store/store.ts'
import { ask, isThrough, published, type Version } from './changes.ts'
import { expectNoProblem, machineOf } from './harm.ts'
import type { MemoryLife } from './installation.ts'
import { expectBuilt, expectNothingReplaced } from './invariants.ts'
import { built, found, type Shape } from './operations.ts'
import { hasEnded } from './resting.ts'
import type { MemoryOperation } from './start.ts'

const mark = '/var/lib/swept'

/** The version whose script leaves a mark on each machine, which is looked for every ten seconds. */
export function verified(version: string, script: string): Version {
  return {
    version,
    adds: { 'scripts/marked.sh': `[ "$(cat ${mark})" = done ]\n` },
    edit(path, text) {
      // Before what may end the script.
      if (path === script) return text.replace('set -euo pipefail\n', `set -euo pipefail\necho done > ${mark}\n`)
      return path === 'blueprint.yaml'
        ? text
            .replace(`run: ${script}\n`, `run: ${script}\n    verify: scripts/marked.sh\n    every: 10s\n`)
            .replace(/strategy: replace/, 'strategy: inPlace')
        : text
    },
  }
}

export function drifted(shape: Shape, version: Version, blueprint: string, slot: string): MemoryOperation {
  return {
    name: `what a step did on ${slot} is undone`,
    standing: { checks: true },
    parts: { checks: false },
    kinds: 4,
    async prepare(life, process) {
      const platform = await built(process, shape)
      await life.wait(published(process, life.template.files, version))
      await life.wait(ask(process, platform, { kind: 'change', blueprint }, 1))
      await process.run((store) => isThrough(store, 2))
      return platform
    },
    async act(life) {
      machineOf(life, slot)?.inside().disk.writeFileSync(mark, 'undone\n')
    },
    over: async (life, store) =>
      (await isMarked(life, slot)) && (await isDealtWith(store)) && hasEnded(store, shape.machines),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectNoProblem(store)
      await expectNothingReplaced(store)
    },
  }
}

async function isMarked(life: MemoryLife, slot: string): Promise<boolean> {
  const disk = machineOf(life, slot)?.inside().disk
  return disk !== undefined && String(await disk.readFile(mark)).trim() === 'done'
}

/** It was told, and is over. */
async function isDealtWith(store: Store): Promise<boolean> {
  const rows = await store.read
    .selectFrom('problems')
    .select('resolved_at')
    .where('code', '=', 'step_drifted')
    .execute()
  return rows.length > 0 && rows.every(({ resolved_at }) => resolved_at !== null)
}
