// A bug report is a file, whatever was asked for: lives that hold every kind of request and of trouble are recorded task by
// task, and each journal comes to the same end when it is run again.

import { beforeAll, describe, expect, test } from 'vitest'
import { replayHere } from '../../src/app.ts'
import { type Journal, parseJournal } from '../../src/kernel/journal.ts'
import { requestKinds } from '../../src/kernel/requests.ts'
import { troubleOrigins } from '../../src/replay/troubles.ts'
import { makeTemplate, type Template } from '../simulation/template.ts'
import { openLife } from './life.ts'
import { stories } from './stories.ts'

let template: Template
beforeAll(async () => {
  template = await makeTemplate()
})

const seen: Journal[] = []

describe.each(stories)('$name', ({ live }) => {
  test('is replayed as it was recorded', { timeout: 600_000 }, async () => {
    const journals: string[] = []
    let secrets: readonly string[] = []
    {
      await using life = await openLife(template)
      for (const task of await live(life)) journals.push(await life.journal(task))
      secrets = await life.secrets()
    }
    expect(secrets.length).toBeGreaterThan(1)
    for (const text of journals) {
      const journal = parseJournal(text)
      seen.push(journal)
      expect(secrets.flatMap(piecesOf).filter((piece) => text.includes(piece))).toEqual([])
      const result = await replayHere(text, '0.0.0')
      expect(result.divergence, told(journal, result)).toBeNull()
      expect(result.replayed).toBe(result.recorded)
      expect(result.untold).toEqual([])
    }
  })
})

test('every kind of request, and every trouble of the world, was among them', () => {
  const kinds = new Set(seen.flatMap(({ requests }) => requests.map(({ kind }) => kind)))
  expect([...requestKinds].filter((kind) => !kinds.has(kind))).toEqual([])
  const troubles = new Set(seen.flatMap((journal) => journal.troubles.map(({ code }) => code)))
  const played = Object.entries(troubleOrigins).flatMap(([code, origin]) => (origin === 'world' ? [code] : []))
  expect(played.filter((code) => !troubles.has(code))).toEqual([])
})

/** A secret as a line of JSON would show it, and each of its own lines. */
function piecesOf(secret: string): string[] {
  const lines = secret.split('\n').filter((line) => line.length >= 8 && !line.startsWith('-----'))
  return [JSON.stringify(secret).slice(1, -1), ...lines]
}

function told(journal: Journal, result: Awaited<ReturnType<typeof replayHere>>): string {
  const lines = result.pairs.slice(-40).map((pair) => JSON.stringify(pair))
  const requests = journal.requests.map((request) => JSON.stringify({ ...request, parameters: undefined }))
  const troubles = journal.troubles.map((one) => JSON.stringify(one))
  return [...requests, ...troubles, ...lines, result.divergence].join('\n')
}
