// Which host or zone for whom: pure, all or nothing, and a refusal is an explanation.

import { makeBoard } from './board.ts'
import { whyNowhere, whyThere } from './explain.ts'
import { hints } from './hints.ts'
import { hardestFirst, type Seat, searchSeats, seatGreedily } from './search.ts'
import type { Answer, Host, Question, Wanted } from './types.ts'

// Hosts looked at before a search is given up; some tens of ms. Small questions end long before.
const searchWork = 1_500_000

/**
 * Places every member or none. Must-rules hold, should-rules where possible, and no host is filled beyond
 * its free capacity. Of what fits, members spread over zones, then hosts, then to where there is most room.
 * The order of hosts does not matter; that of members decides who is seated first among equals.
 */
export function place(question: Question): Answer {
  const hosts = [...question.hosts].sort(byName)
  const solved = solve({ ...question, hosts })
  if (solved.kind === 'placed') return solved
  return {
    ...solved,
    wouldFitWith: hints(
      { ...question, hosts },
      solved.refusals.map((refusal) => refusal.member),
      solve,
    ),
  }
}

function solve({ members, hosts, existing }: Question): Answer {
  const board = makeBoard(members, hosts, existing)
  const order = hardestFirst(board)
  const greedy = seatGreedily(board, order)
  if (greedy.left.length === 0) return placed(members, greedy.seats, (seat) => whyThere(board, seat))
  const fresh = makeBoard(members, hosts, existing)
  const found = searchSeats(fresh, hardestFirst(fresh), searchWork)
  if (found !== null && found !== 'gaveUp') {
    for (const seat of found) fresh.put(seat.kind, seat.host, seat.member.name)
    return placed(members, found, (seat) => whyThere(fresh, seat))
  }
  const refusals = whyNowhere(board, greedy.left)
  return { kind: 'refused', refusals, wouldFitWith: [], proven: found === null }

  function placed(wanted: readonly Wanted[], seats: readonly Seat[], why: (seat: Seat) => string): Answer {
    const byMember = new Map(seats.map((seat) => [seat.member, seat]))
    const assignments = wanted.flatMap((member) => {
      const seat = byMember.get(member)
      const host = seat && hosts[seat.host]
      if (!seat || !host) return []
      const { provider, zone, name } = host
      return [{ member: member.name, provider, zone, host: host.capacity ? name : null, why: why(seat) }]
    })
    return { kind: 'placed', assignments }
  }
}

// host-2 before host-10, by code points, so that no locale decides where machines land.
function byName(a: Host, b: Host): number {
  return (
    compare(a.provider, b.provider) ||
    compare(padded(a.zone), padded(b.zone)) ||
    compare(padded(a.name), padded(b.name))
  )
}

function padded(name: string): string {
  return name.replace(/\d+/g, (digits) => digits.padStart(12, '0'))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
