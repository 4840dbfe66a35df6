import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import {
  type Blueprint,
  groupsOf,
  type PlanInput,
  plan,
  planOperation,
  resolveOperationParameters,
  stepsToRun,
} from '../../src/blueprints/index.ts'
import { planText, stepText } from './support/plan-text.ts'
import { adding, blueprintAt, building, built, replacing } from './support/platform.ts'

// Golden files hold what would happen: whole plans at three sizes, and the steps that each kind of change runs.
// UPDATE_GOLDEN=1 rewrites them; the diff is then what a reviewer judges.

const cases = {
  'blueprints/machines': { smallest: { count: 1 }, typical: { count: 3 }, largest: { count: 1000 } },
  'blueprints/swarm': {
    smallest: { managers: 1, workers: 0 },
    typical: { managers: 3, workers: 2 },
    largest: { managers: 7, workers: 500 },
  },
  'test/blueprints/quorum': {
    smallest: { voters: 1, workers: 0 },
    typical: { voters: 3, workers: 2 },
    largest: { voters: 7, workers: 500 },
  },
} as const

const folder = fileURLToPath(new URL('./golden/', import.meta.url))

describe.each(Object.entries(cases))('%s', (path, sizes) => {
  const name = path.split('/').at(-1)

  test.each(Object.entries(sizes))('plans %s as in its golden file', async (size, parameters) => {
    const blueprint = await blueprintAt(path)
    await matchesGolden(`${name}-${size}.txt`, planText(plan(blueprint, building(blueprint, parameters))))
  })

  test('runs for each change what its golden file lists, and nothing else', async () => {
    const blueprint = await blueprintAt(path)
    await matchesGolden(`${name}-changes.txt`, changesText(blueprint, built(blueprint, sizes.typical)))
  })

  test('runs each of its operations as in its golden file', async () => {
    const blueprint = await blueprintAt(path)
    await matchesGolden(`${name}-operations.txt`, operationsText(blueprint, built(blueprint, sizes.typical)))
  })

  test('deletes as in its golden file', async () => {
    const blueprint = await blueprintAt(path)
    await matchesGolden(
      `${name}-delete.txt`,
      planText(plan(blueprint, { ...built(blueprint, sizes.typical), want: 'absent' })),
    )
  })
})

function changesText(blueprint: Blueprint, before: PlanInput): string {
  const planned = plan(blueprint, before)
  const title = Object.entries(before.parameters).map(([key, value]) => `${key}=${value}`)
  const sections = [`from ${title.join(' ')}, all done`]
  for (const [what, after] of changesOf(blueprint, before)) {
    sections.push(`\n${what}`, ...stepsToRun(planned, plan(blueprint, after)).map((step) => `  ${stepText(step)}`))
  }
  return `${sections.join('\n')}\n`
}

function changesOf(blueprint: Blueprint, before: PlanInput): [string, PlanInput][] {
  const changes: [string, PlanInput][] = []
  for (const group of groupsOf(blueprint, before.parameters)) {
    changes.push([`add one ${group.name}`, adding(before, group.name)])
    if (group.count === 0) continue
    const founder = before.founders[group.name]
    changes.push([
      `replace ${group.name}-0${founder === undefined ? '' : ', the founder'}`,
      replacing(before, `${group.name}-0`),
    ])
    if (founder !== undefined && group.count > 1)
      changes.push([`replace ${group.name}-1`, replacing(before, `${group.name}-1`)])
  }
  return changes
}

function operationsText(blueprint: Blueprint, platform: PlanInput): string {
  const names = Object.keys(blueprint.document.operations ?? {})
  if (names.length === 0) return 'none\n'
  const texts = names.map((operation) => {
    const own = resolveOperationParameters(blueprint, operation, {})
    const planned = planOperation(blueprint, {
      task: '<task>',
      operation,
      parameters: { ...platform.parameters, ...own },
      members: platform.members.map((member) => member.ref),
      founders: platform.founders,
    })
    return `${operation}, ${planned.mode}\n${planText(planned).replaceAll(/^(?=.)/gm, '  ')}`
  })
  return texts.join('\n')
}

async function matchesGolden(file: string, text: string): Promise<void> {
  if (process.env.UPDATE_GOLDEN === '1') {
    await mkdir(folder, { recursive: true })
    await writeFile(folder + file, text)
  }
  const golden = await readFile(folder + file, 'utf8').catch(() => 'there is no golden file; UPDATE_GOLDEN=1 writes it')
  expect(text).toBe(golden)
}
