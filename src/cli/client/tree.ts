// The picture of a task under way: a row for each step with its marks, what is going on, and times. It is drawn anew
// for every change, so it is a pure function of the task, the instant and the room there is.

import { clock, duration } from './duration.ts'
import { memberName, type Row, rows } from './progress.ts'
import { cut, type Paint, pad, type Tone, tame, width } from './text.ts'
import type { Step, Task } from './types.ts'
import { outlook } from './usual.ts'

export interface Room {
  readonly columns: number
  readonly lines: number
  readonly paint: Paint
}

const marks: Readonly<Record<Step['state'], readonly [mark: string, tone: Tone]>> = {
  pending: ['○', 'quiet'],
  running: ['◐', 'busy'],
  waiting: ['◔', 'busy'],
  blocked: ['✖', 'bad'],
  done: ['●', 'good'],
}
/** More members than this are told by number; a row of dots is read, not counted. */
const mostMarks = 24

/** Lines of the tree, none wider or more than the room; `doing` is what the platform is doing, `ms` for how long. */
export function tree(task: Task, doing: string, now: number, room: Room): string[] {
  const all = rows(task.steps)
  const nameWidth = Math.max(8, ...all.map((row) => width(row.name)))
  const marksWidth = Math.max(3, ...all.map((row) => width(marksOf(row, (_, text) => text))))
  const elapsed = clock(now - Date.parse(task.createdAt))
  const ahead = outlook(task, now)
  const title = `platform ${room.paint('strong', task.target.name)}  ${doing}${ahead && `  ${room.paint('quiet', ahead)}`}`
  const head = `${pad(title, Math.max(width(title) + 2, Math.min(room.columns, 78) - elapsed.length))}${elapsed}`
  const body = shown(all, room.lines - 1).map((row, i, list) =>
    typeof row === 'string'
      ? `${room.paint('quiet', '│ ')}  ${row}`
      : `${room.paint('quiet', i === list.length - 1 ? '└─' : '├─')} ${pad(row.name, nameWidth)}  ${pad(marksOf(row, room.paint), marksWidth)}  ${noteOf(row, now, room.paint)}`,
  )
  return [head, ...body].map((line) => cut(line.trimEnd(), room.columns))
}

/** Where there is no room for all rows, finished ones give way first: what goes on must be seen. */
function shown(all: readonly Row[], lines: number): (Row | string)[] {
  if (all.length <= lines) return [...all]
  const open = all.filter((row) => row.done < row.steps.length)
  const kept = open.slice(0, Math.max(1, lines - 1))
  const left = all.length - kept.length
  return [`${left} more steps, ${all.length - open.length} of them done`, ...kept]
}

function marksOf(row: Row, paint: Paint): string {
  if (row.steps.length > mostMarks) return `${row.done}/${row.steps.length}`
  return row.steps.map((step) => paint(marks[step.state][1], marks[step.state][0])).join('')
}

function noteOf(row: Row, now: number, paint: Paint): string {
  if (row.done === row.steps.length) return paint('quiet', row.ms === null ? '' : duration(row.ms))
  const stuck = row.steps.find((step) => step.state === 'blocked')
  if (stuck) return paint('bad', `${subject(stuck)}${tame(stuck.problem?.detail ?? stuck.reason ?? 'blocked')}`)
  const busy = row.steps.filter((step) => step.state === 'running' || step.state === 'waiting')
  // The one that has been at it longest is what one waits for.
  const slowest = busy.toSorted((a, b) => (a.startedAt ?? '~').localeCompare(b.startedAt ?? '~'))[0]
  if (slowest) {
    const others = busy.length > 1 ? ` +${busy.length - 1}` : ''
    const since = slowest.startedAt ? `(${clock(now - Date.parse(slowest.startedAt))}) ` : ''
    return `${memberName(slowest)}${others} ${since}${paint('quiet', wordsOf(slowest))}`.trimStart()
  }
  const why = row.steps.find((step) => step.reason !== null)?.reason
  return paint('quiet', tame(why ?? ''))
}

/** What the step says of itself: the end of its log, or why it waits. */
function wordsOf(step: Step): string {
  const again = step.attempt > 1 ? `attempt ${step.attempt}  ` : ''
  return again + tame(step.lastLine ?? step.problem?.detail ?? step.reason ?? '')
}

function subject(step: Step): string {
  const name = memberName(step)
  return name === '' ? '' : `${name}  `
}
