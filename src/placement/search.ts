// Two ways to seat everybody. Greedy takes the best-looking host for each, hardest class first: linear, and
// nearly always enough. When it leaves somebody over, a depth-first search looks for an arrangement that
// greedy missed; what it learned failed is not tried again for an equal member or an equal host.

import type { Board } from './board.ts'
import type { MemberClass } from './groups.ts'
import type { Wanted } from './types.ts'

export interface Seat {
  readonly member: Wanted
  readonly kind: MemberClass
  readonly host: number
  /** How many hosts it could have gone to. */
  readonly choices: number
}

export interface Left {
  readonly member: Wanted
  readonly kind: MemberClass
}

/** Classes in the order of difficulty: strict rules, then few possible hosts, then size, then as asked for. */
export function hardestFirst(board: Board): MemberClass[] {
  const rank = new Map(
    board.classes.map((kind) => {
      const group = board.group(kind)
      const strict = group.host === 'must' || group.zone === 'must' ? 0 : 1
      const possible = board.hosts.filter((_, host) => board.fits(kind, host)).length
      return [kind, [strict, possible, -kind.sample.resources.memoryBytes, -kind.sample.resources.cpu, kind.index]]
    }),
  )
  return [...board.classes].sort((a, b) => compareLists(rank.get(a) ?? [], rank.get(b) ?? []))
}

/** Seats one after another on the best host of the moment; who finds none is left over. Changes `board`. */
export function seatGreedily(board: Board, order: readonly MemberClass[]): { seats: Seat[]; left: Left[] } {
  const seats: Seat[] = []
  const left: Left[] = []
  for (const kind of order) {
    for (const member of kind.members) {
      const candidates = candidatesOf(board, kind)
      const host = best(board, kind, candidates)
      if (host === null) {
        left.push({ member, kind })
        continue
      }
      board.put(kind, host, member.name)
      seats.push({ member, kind, host, choices: candidates.length })
    }
  }
  return { seats, left }
}

/**
 * Looks for any arrangement of everybody, trying good-looking ones first. `work` bounds the hosts looked at.
 * Answers null when there is none, or 'gaveUp' when the bound was reached. `board` is left as it was.
 */
export function searchSeats(board: Board, order: readonly MemberClass[], work: number): Seat[] | null | 'gaveUp' {
  const line = order.flatMap((kind) => kind.members.map((member) => ({ member, kind })))
  const remaining = new Map(order.map((kind) => [kind, kind.members.length]))
  const banned = new Map(order.map((kind) => [kind, new Int32Array(board.hosts.length)]))
  const seats: Seat[] = []
  let left = work

  function seat(index: number): 'found' | 'none' | 'gaveUp' {
    const next = line[index]
    if (!next) return 'found'
    const { kind, member } = next
    left -= board.hosts.length * (order.length + 1)
    if (left < 0) return 'gaveUp'
    if (!enoughRoom()) return 'none'
    const bans = banned.get(kind)
    if (!bans) return 'none'
    const candidates = candidatesOf(board, kind).filter((host) => bans[host] === 0)
    const failed = new Set<string>()
    const bannedHere: number[] = []
    let result: 'found' | 'none' | 'gaveUp' = 'none'
    for (const host of sorted(board, kind, candidates)) {
      const signature = board.signature(host)
      if (failed.has(signature)) continue
      board.put(kind, host, member.name)
      seats.push({ member, kind, host, choices: candidates.length })
      remaining.set(kind, (remaining.get(kind) ?? 0) - 1)
      result = seat(index + 1)
      remaining.set(kind, (remaining.get(kind) ?? 0) + 1)
      board.take(kind, host)
      if (result !== 'none') break
      seats.pop()
      failed.add(signature)
      // No later member of the class can sit there either: the two could change places.
      bans[host] = (bans[host] ?? 0) + 1
      bannedHere.push(host)
    }
    for (const host of bannedHere) bans[host] = (bans[host] ?? 0) - 1
    return result
  }

  // Each class by itself must still find room for those of it that stand; cheap, and ends most hopeless searches.
  function enoughRoom(): boolean {
    return order.every((kind) => {
      const needed = remaining.get(kind) ?? 0
      const bans = banned.get(kind)
      const oneEach = board.group(kind).zone === 'must' ? new Set<number>() : null
      let room = 0
      for (let host = 0; host < board.hosts.length && room < needed; host++) {
        if ((bans?.[host] ?? 0) > 0) continue
        const here = board.room(kind, host)
        if (here === 0 || oneEach?.has(board.zoneOf(host))) continue
        oneEach?.add(board.zoneOf(host))
        room += here
      }
      return room >= needed
    })
  }

  const result = seat(0)
  return result === 'found' ? seats : result === 'none' ? null : 'gaveUp'
}

function candidatesOf(board: Board, kind: MemberClass): number[] {
  const found: number[] = []
  for (let host = 0; host < board.hosts.length; host++) if (board.fits(kind, host)) found.push(host)
  return found
}

function best(board: Board, kind: MemberClass, candidates: readonly number[]): number | null {
  let chosen: number | null = null
  for (const host of candidates) if (chosen === null || preference(board, kind, host, chosen) < 0) chosen = host
  return chosen
}

function sorted(board: Board, kind: MemberClass, candidates: readonly number[]): number[] {
  return [...candidates].sort((a, b) => preference(board, kind, a, b))
}

/** Fewest of the group in the zone, fewest on the host, least loaded, first in the list. Negative: `a` is better. */
function preference(board: Board, kind: MemberClass, a: number, b: number): number {
  const group = board.group(kind)
  const zones = group.zone ? (group.inZone[board.zoneOf(a)] ?? 0) - (group.inZone[board.zoneOf(b)] ?? 0) : 0
  if (zones !== 0) return zones
  const hosts = group.host ? (group.onHost[a] ?? 0) - (group.onHost[b] ?? 0) : 0
  return hosts !== 0 ? hosts : board.load(kind, a) - board.load(kind, b) || a - b
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
