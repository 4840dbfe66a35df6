// Who is a member, with the machine of each.

import { z } from 'zod'
import { type MemberRef, memberRef } from '../blueprints/plan-types.ts'
import { endpointsSchema } from '../kernel/endpoint.ts'
import type { PlatformId } from '../kernel/ids.ts'
import type { MachineTable, MemberTable } from '../store/schema.ts'
import { statement } from '../store/statement.ts'
import type { Db } from '../store/store.ts'
import type { MemberView } from './view.ts'

const addressesSchema = z.array(z.string())

interface ById {
  readonly id: PlatformId
}

const selectMembers = statement((db, { id }: ById) =>
  db
    .selectFrom('members')
    .selectAll()
    .where('platform_id', '=', id)
    .where('state', '!=', 'gone')
    .orderBy('group_name')
    .orderBy('ordinal')
    .orderBy('incarnation'),
)
const selectMachines = statement((db, { id }: ById) =>
  db.selectFrom('machines').selectAll().where('platform_id', '=', id).where('state', '!=', 'deleted'),
)

/** All that are not gone, by reference. */
export async function loadMembers(db: Db, id: PlatformId): Promise<Map<MemberRef, MemberView>> {
  const members = await selectMembers.all(db, { id })
  const machines = await selectMachines.all(db, { id })
  const byId = new Map(machines.map((machine) => [machine.id, machine]))
  const views = new Map<MemberRef, MemberView>()
  for (const member of members) {
    const machine = byId.get(member.machine_id)
    if (!machine) throw new Error(`member ${member.id} has no living machine ${member.machine_id}`)
    const view = memberView(member, machine)
    views.set(view.ref, view)
  }
  return views
}

function memberView(member: MemberTable, machine: MachineTable): MemberView {
  const ref = memberRef(member.group_name, member.ordinal, member.incarnation)
  return {
    id: member.id,
    ref,
    name: `${member.group_name}-${member.ordinal}`,
    group: member.group_name,
    ordinal: member.ordinal,
    incarnation: member.incarnation,
    state: member.state,
    cause: member.cause,
    revision: member.revision,
    warmUntil: member.warm_until,
    machine: {
      id: machine.id,
      member: ref,
      providerId: machine.provider_id,
      resourceKey: machine.resource_key,
      spec: machine.spec,
      specHash: machine.spec_hash,
      nativeRef: machine.native_ref,
      state: machine.state,
      zone: machine.zone,
      host: machine.host,
      endpoints: endpointsSchema.parse(JSON.parse(machine.endpoints)),
      addresses: addressesSchema.parse(JSON.parse(machine.addresses)),
      loginUser: machine.login_user,
      hostKey: machine.host_key,
      hostKeySecret: machine.host_key_secret,
      createSentAt: machine.create_sent_at,
      missing: machine.missing_since !== null || machine.ill_since !== null,
    },
  }
}
