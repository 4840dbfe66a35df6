import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { catalogue, operationKinds } from './catalogue.ts'

const top = join(import.meta.dirname, '../..')

test('every blueprint that is shipped is swept', () => {
  const shipped = readdirSync(join(top, 'blueprints')).filter((name) =>
    existsSync(join(top, 'blueprints', name, 'blueprint.yaml')),
  )
  expect(catalogue.map(({ folder }) => folder)).toEqual(
    expect.arrayContaining(shipped.map((name) => `blueprints/${name}`)),
  )
})

test('every operation of a life is swept on every blueprint, or it is said why it cannot be there', () => {
  for (const { folder, entries, lacks } of catalogue) {
    const there = new Set(entries.map(({ kind }) => kind))
    const missing = operationKinds.filter((kind) => !there.has(kind) && lacks[kind] === undefined)
    expect([folder, missing]).toEqual([folder, []])
    expect([folder, Object.keys(lacks).filter((kind) => there.has(kind as (typeof operationKinds)[number]))]).toEqual([
      folder,
      [],
    ])
  }
})

test('every operation that a blueprint declares is swept', () => {
  for (const { folder, entries } of catalogue) {
    const text = readFileSync(join(top, folder, 'blueprint.yaml'), 'utf8')
    const declared = /^operations:\n((?: .*\n|\n)*)/m.exec(text)?.[1]?.matchAll(/^ {2}([a-z][a-z-]*):/gm) ?? []
    const names = entries.map(({ operation }) => operation.name)
    for (const [, name] of declared) expect(names).toContain(`operation ${name}`)
  }
})

test('no two sweeps have one name, and each has its number of boundaries written down, in all four ways', () => {
  const names = catalogue.flatMap(({ folder, entries }) =>
    entries.map(({ operation }) => `${folder}, ${operation.name}`),
  )
  expect(new Set(names).size).toBe(names.length)
  const recorded = JSON.parse(readFileSync(join(top, 'test/sweep/boundaries.json'), 'utf8'))
  const wanted = catalogue.flatMap(({ folder, entries }) =>
    entries.flatMap(({ operation, ways = ['crash', 'failing', 'repeated', 'stopped'] }) =>
      ways.map((way) => `${folder}, ${operation.name}, ${way}`),
    ),
  )
  expect(Object.keys(recorded).sort()).toEqual(wanted.sort())
})
