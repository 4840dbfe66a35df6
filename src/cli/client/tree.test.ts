import { describe, expect, test } from 'vitest'
import { building, done, start, step, task } from '../../../test/cli/sample-task.ts'
import { colours, noPaint, width } from './text.ts'
import { tree } from './tree.ts'

const now = start + 23_000
const room = { columns: 100, lines: 24, paint: noPaint }

describe('the tree of a task', () => {
  test('has a row for each step, a mark for each member, what goes on, and times', () => {
    expect(tree(building, 'building', now, room)).toEqual([
      'platform team-a  building                                                 0:23',
      '├─ machine   ●●●  1.4 s',
      '├─ ssh       ●●●  1.0 s',
      '├─ docker    ●●◐  worker-1 (2nd) (0:09) attempt 2  Unpacking docker.io ...',
      '├─ found     ●    0.4 s',
      '├─ join      ✖○   worker-0  join.sh ended with exit code 100',
      '└─ settled   ○',
    ])
  })

  test('never is wider than the terminal, with colours or without', () => {
    for (const columns of [20, 40, 80]) {
      for (const paint of [noPaint, colours]) {
        const lines = tree(building, 'building', now, { columns, lines: 24, paint })
        expect(Math.max(...lines.map(width))).toBeLessThanOrEqual(columns)
      }
    }
  })

  test('keeps to the lines there are, and shows what is open before what is done', () => {
    const lines = tree(building, 'building', now, { ...room, lines: 4 })
    expect(lines).toHaveLength(4)
    expect(lines.join('\n')).toContain('4 more steps, 3 of them done')
    expect(lines.join('\n')).toContain('docker')
    expect(lines.join('\n')).not.toContain('found')
  })

  test('counts members where there are too many for marks', () => {
    const machines = Array.from({ length: 500 }, (_, i) =>
      i < 210
        ? done('machine', `worker-${i}@1`, 0, 1)
        : step('machine', `worker-${i}@1`, 'running', { startedAt: '2026-11-22T10:44:01.000Z' }),
    )
    const [, row = ''] = tree(task(machines), 'building', now, room)
    expect(row).toMatch(/^└─ machine +210\/500 +worker-210 \+289 \(0:22\)/)
  })

  test('tells what is taken away from what is made', () => {
    const gone = { ...done('machine', 'worker-1@1', 2, 3), want: 'absent' as const }
    const lines = tree(task([done('machine', 'worker-0@1', 0, 1), gone]), 'deleting', now, room)
    expect(lines.map((line) => line.trim())).toEqual([
      expect.stringContaining('deleting'),
      '├─ machine       ●    1.0 s',
      '└─ machine gone  ●    1.0 s',
    ])
  })

  test('passes no control character of a log on to the terminal', () => {
    const nasty = step('docker', 'worker-0@1', 'running', { startedAt: null, lastLine: 'x\u001b[2J\u0007\u009by\rz' })
    const [, row = ''] = tree(task([nasty]), 'building', now, room)
    expect(row).toBe(row.replace(/\p{Cc}/gu, ''))
    expect(row).toContain('z')
  })
})
