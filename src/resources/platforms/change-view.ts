// A change as a person reads it before it is made.

import type { MemberChange } from '../../care/index.ts'
import { instant, z } from '../../http/schema.ts'
import type { RevisionTable } from '../../store/index.ts'
import { priceLists } from '../providers/index.ts'
import type { Rooms } from '../rooms.ts'
import { kindsOf, type UsualTime, usualTime } from '../tasks/index.ts'
import { changeCost } from './change-cost.ts'
import type { PlatformDifference, Revision } from './change-schemas.ts'
import type { DecidedChange } from './changing.ts'

type Line = PlatformDifference['members'][number]

/** How long changes of this kind took on this blueprint; null: none was made yet. */
function usualChange(rooms: Rooms, { preview, view, kind }: DecidedChange): Promise<UsualTime | null> {
  const db = rooms.store.read
  const staying = [...view.members.values()].map(({ machine }) => machine.providerId)
  const coming = [...preview.seating.assignments.values()].map(({ provider }) => provider)
  return kindsOf(db, [...staying, ...coming]).then((providerKinds) =>
    usualTime(rooms, db, { blueprint: view.blueprint.document.name, kind: `platform.${kind}`, providerKinds }),
  )
}

export async function differenceView(rooms: Rooms, decided: DecidedChange): Promise<PlatformDifference> {
  const { preview, blueprintName, view } = decided
  const { waves, seating } = preview
  const waveOf = new Map(waves.flatMap((wave, index) => wave.map(({ ref }) => [ref, index + 1] as const)))
  const names = new Map(seating.providers.map((provider) => [provider.id, provider.name]))
  const placeOf = (name: string): Pick<Line, 'zone' | 'host' | 'providerName'> => {
    const seat = seating.assignments.get(name)
    return {
      zone: seat?.zone ?? null,
      host: seat?.host ?? null,
      providerName: seat === undefined ? null : (names.get(seat.provider) ?? null),
    }
  }
  const stays = (change: MemberChange): Line => {
    const { member, fate, why } = change
    const { zone, host } = member.machine
    const what = fate === 'stays' ? 'stays' : fate === 'inPlace' ? 'changes' : 'replaced'
    return {
      member: member.ref,
      group: member.group,
      what,
      why,
      wave: waveOf.get(member.ref) ?? null,
      zone,
      host,
      providerName: null,
    }
  }
  const members: Line[] = [
    ...preview.changes.map(stays),
    ...preview.remade.map(({ member }): Line => {
      const why = 'it is not part of the platform yet'
      return { member: member.ref, group: member.group, what: 'replaced', why, wave: 0, ...placeOf(member.name) }
    }),
    ...preview.returning.map((member): Line => {
      const { zone, host } = member.machine
      const why = 'it was kept warm'
      return { member: member.ref, group: member.group, what: 'returns', why, wave: 0, zone, host, providerName: null }
    }),
    ...preview.undone.map((member): Line => {
      const { zone, host } = member.machine
      const why = 'its predecessor returns'
      return { member: member.ref, group: member.group, what: 'removed', why, wave: 0, zone, host, providerName: null }
    }),
    ...preview.removed.map(({ member, why }): Line => {
      const { zone, host } = member.machine
      return { member: member.ref, group: member.group, what: 'removed', why, wave: 0, zone, host, providerName: null }
    }),
    ...preview.added.map((slot): Line => {
      const name = `${slot.group.name}-${slot.ordinal}`
      const why = seating.assignments.get(name)?.why ?? ''
      const member = `${name}@${slot.incarnation}`
      return { member, group: slot.group.name, what: 'added', why, wave: 0, ...placeOf(name) }
    }),
  ]
  return {
    generation: preview.target.revision,
    blueprint: blueprintName,
    parameters: z.record(z.string(), z.json()).parse(preview.target.parameters),
    changed: Object.keys(preview.target.parameters).filter(
      (name) => view.parameters[name] !== preview.target.parameters[name],
    ),
    members,
    waves: waves.map((wave) => wave.map(({ ref }) => ref)),
    quote: {
      quota: Object.fromEntries(
        preview.quota
          .filter(({ wanted }) => wanted !== 0)
          .map(({ key, wanted, left, ticket, ticketName }) => [
            key,
            { wanted, left: left ?? ('unlimited' as const), ticket, ticketName },
          ]),
      ),
      ...changeCost(await priceLists(rooms.store.read), view, preview),
      seconds: await usualChange(rooms, decided),
    },
  }
}

export function revisionView(row: RevisionTable & { name: string; version: string }, current: number): Revision {
  const { parameters } = z.object({ parameters: z.record(z.string(), z.json()) }).parse(JSON.parse(row.spec))
  return {
    number: row.number,
    kind: row.kind,
    blueprint: `${row.name}@${row.version}`,
    parameters,
    current: row.number === current,
    renews: row.renews === 1,
    actor: row.actor,
    createdAt: instant(row.created_at),
    settledAt: instant(row.settled_at),
  }
}
