// The proof of the copies on which the sweeps stand: a life from a copy is the life that it is a copy of, to the last row.

import Database from 'better-sqlite3'
import { afterAll, describe, expect, test } from 'vitest'
import type { Machine } from '../../providers/simulated/shell/inside.ts'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { sha256 } from '../../src/kernel/canonical.ts'
import { catalogue } from './catalogue.ts'
import type { MemoryLife } from './installation.ts'
import { build } from './operations.ts'
import { type Begun, type MemoryOperation, type Start, startOf } from './start.ts'
import { crashing, sweep } from './sweep.ts'
import { makeTemplate } from './template.ts'

/** Of every so many operations one; all of them in a full run. */
const every = process.env.GANTRY_FULL ? 1 : 12

for (const { folder, entries } of catalogue) {
  describe(folder, async () => {
    const template = await makeTemplate(await loadBlueprintFolder(folder))
    afterAll(() => template.dispose())
    const operations = entries.map(({ operation }) => operation).filter((_, at) => at % every === 4 % every)

    test.each(operations)('$name goes on from a copy as it does without one', async (operation) => {
      await using start = await startOf(template, operation)
      expect(start.copied).toBe(true)
      const lives = []
      for (let round = 0; round < 3; round++) {
        await using begun = await start.begin()
        lives.push(await livedOn(begun, start))
      }
      const [itself, ...copies] = lives
      expect(itself?.boundaries.length).toBeGreaterThan(0)
      for (const copy of copies) expect(copy).toEqual(itself)
    })
  })
}

test('what is still under way is not copied: each life is prepared anew', async () => {
  const template = await makeTemplate(await loadBlueprintFolder('blueprints/machines'))
  afterAll(() => template.dispose())
  let prepared = 0
  const restless: MemoryOperation = {
    ...build({ parameters: { count: 1 }, machines: 1 }),
    async prepare(life) {
      prepared += 1
      // As a script that goes on, or an answer that is on its way.
      life.world.seams.clock.sleep(600_000).catch(() => undefined)
      return null
    },
  }
  const visited = new Set(await crashing.points(await startOf(template, restless)))
  prepared = 0
  const { copied, lives } = await sweep(template, restless, { kind: 'sample', sample: 1, seed: 1, visited })
  expect([copied, lives, prepared]).toEqual([false, 1, 2])
})

/** Lives undisturbed; what it met, did and left. */
async function livedOn({ life, platform }: Begun, { operation }: Start) {
  const found = stateOf(life)
  const boundaries: string[] = []
  const process = await life.start(null, {}, (what) => boundaries.push(what))
  await life.wait(operation.act(life, process, platform))
  await process.run((store) => operation.over(life, store))
  await process.kill()
  const machines = []
  for (const { ref, host, readyAt, entered, inside } of life.world.living())
    machines.push({ ref, host, readyAt, files: entered ? await filesOf(inside()) : null })
  return { found, boundaries, now: life.clock.now(), starts: life.remote.starts, machines, rows: everyRow(life.path) }
}

/** What may make no difference to this life, and yet to another. */
function stateOf(life: MemoryLife) {
  const state = life.state()
  return state && { ...state, processes: { ...state.processes, database: sha256(state.processes.database) } }
}

/** Their contents alone: the interpreter dates files by the wall clock. */
async function filesOf({ disk }: Machine): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const path of disk.getAllPaths()) if ((await disk.stat(path)).isFile) files[path] = await disk.readFile(path)
  return files
}

function everyRow(path: string): Record<string, unknown[]> {
  using database = closing(new Database(path, { readonly: true }))
  const tables = database.prepare<[], { name: string }>("select name from sqlite_master where type = 'table'").all()
  return Object.fromEntries(tables.map(({ name }) => [name, database.prepare(`select * from "${name}"`).all()]))
}

function closing(database: Database.Database): Database.Database & Disposable {
  return Object.assign(database, { [Symbol.dispose]: () => database.close() })
}
