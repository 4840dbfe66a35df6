import { unreachable } from '../kernel/unreachable.ts'
import type { Board } from './board.ts'
import type { Left, Seat } from './search.ts'
import type { Host, HostRefusal, Obstacle, Refusal } from './types.ts'

// The words of placement, in one place: they are part of what the product feels like.

const mib = 2 ** 20

/** Why a member sits where it sits; called while `board` holds the final arrangement. */
export function whyThere(board: Board, seat: Seat): string {
  const host = board.hosts[seat.host]
  const group = board.group(seat.kind)
  const parts = [seat.choices === 1 ? 'the only host that fits' : `best of ${seat.choices} hosts that fit`]
  if (!host?.capacity) parts[0] = `zone ${host?.zone} does not show its hosts: the provider chooses one`
  const others = (group.onHost[seat.host] ?? 1) - 1
  const inZone = (group.inZone[board.zoneOf(seat.host)] ?? 1) - 1
  if (group.host && host?.capacity) {
    parts.push(
      others === 0
        ? `no other ${group.name} on it`
        : `shares it with ${others} other ${group.name}, no better one was free`,
    )
  }
  if (group.zone) parts.push(`${inZone === 0 ? 'no' : inZone} other ${group.name} in its zone`)
  return parts.join('; ')
}

/**
 * For each member left over and each host, why it cannot go there; called while `board` holds everybody who found a
 * place. Members that are alike share one list: 500 left over on 1,000 hosts are otherwise half a million sentences.
 */
export function whyNowhere(board: Board, left: readonly Left[]): Refusal[] {
  const told = new Map<Left['kind'], readonly HostRefusal[]>()
  return left.map(({ member, kind }) => {
    const hosts = told.get(kind) ?? refusalsOf(board, kind)
    told.set(kind, hosts)
    return { member: member.name, hosts }
  })
}

function refusalsOf(board: Board, kind: Left['kind']): HostRefusal[] {
  return board.hosts.flatMap((host, index): HostRefusal[] => {
    const obstacle = board.obstacle(kind, index)
    if (!obstacle) return []
    const { provider, zone, name } = host
    return [{ provider, zone, host: name, reason: reasonOf(obstacle, host), obstacle }]
  })
}

function reasonOf(obstacle: Obstacle, host: Host): string {
  switch (obstacle.kind) {
    case 'state':
      return stateWords[obstacle.state]
    case 'restriction':
      return obstacle.by === 'zone' ? `zone ${host.zone} was not asked for` : 'its provider was not asked for'
    case 'sharesHost':
      return `runs ${obstacle.with} (must not share a host)`
    case 'sharesZone':
      return `${host.zone} holds ${obstacle.with} (must not share a zone)`
    case 'shortage':
      return shortage(obstacle)
    default:
      return unreachable(obstacle)
  }
}

const stateWords = {
  maintenance: 'in maintenance',
  unreachable: 'unreachable',
  providerUnreachable: 'its provider does not answer',
  providerDenied: 'its provider refuses our login or a right',
  providerRemoving: 'its provider is being removed',
} as const

function shortage({ resource, needs, free }: Extract<Obstacle, { kind: 'shortage' }>): string {
  switch (resource) {
    case 'cpu':
      return `needs ${needs} CPU, ${Math.max(0, Math.floor(free))} free`
    case 'memoryBytes':
      return `needs ${Math.ceil(needs / mib)} MiB, ${mebibytes(free)} MiB free`
    case 'diskBytes':
      return `needs ${Math.ceil(needs / mib)} MiB of disk, ${mebibytes(free)} MiB free`
    default:
      return unreachable(resource)
  }
}

function mebibytes(bytes: number): number {
  return Math.max(0, Math.floor(bytes / mib))
}
