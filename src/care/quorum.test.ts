import { expect, test } from 'vitest'
import { type MemberRef, memberRef } from '../blueprints/index.ts'
import type { MemberView } from '../engine/index.ts'
import { newId } from '../kernel/ids.ts'
import { realSeams } from '../kernel/real-seams.ts'
import type { MemberState } from '../kernel/states.ts'
import { quorumOf } from './quorum.ts'

const seams = realSeams()

function voter(
  ordinal: number,
  incarnation: number,
  state: MemberState,
  machine: { ref: string | null; missing?: boolean },
) {
  const ref = memberRef('voter', ordinal, incarnation)
  const view: MemberView = {
    id: newId('member', seams),
    ref,
    name: `voter-${ordinal}`,
    group: 'voter',
    ordinal,
    incarnation,
    state,
    cause: null,
    revision: 1,
    warmUntil: null,
    machine: {
      id: newId('machine', seams),
      member: ref,
      providerId: newId('provider', seams),
      resourceKey: ref,
      spec: '{}',
      specHash: '',
      nativeRef: machine.ref,
      state: 'ready',
      zone: 'z',
      host: null,
      endpoints: [],
      addresses: [],
      loginUser: 'root',
      hostKey: '',
      hostKeySecret: '',
      createSentAt: null,
      missing: machine.missing ?? false,
    },
  }
  return view
}

const quorum = (members: readonly MemberView[], founder: MemberRef = memberRef('voter', 0, 1)) =>
  quorumOf(
    {
      members: new Map(members.map((member) => [member.ref, member])),
      founders: { voter: founder },
      abandoned: new Set(),
      records: new Map(),
      restarts: new Map(),
    },
    'voter',
  )

const there = { ref: 'vm' }
const dead = { ref: 'vm', missing: true }

test('who is joining does not vote yet, but the founder does from the first', () => {
  expect(quorum([voter(0, 1, 'joining', there), voter(1, 1, 'joining', there)])).toEqual({ voters: 1, alive: 1 })
  expect(quorum([voter(0, 1, 'joining', dead), voter(1, 1, 'joining', there)])).toEqual({ voters: 1, alive: 0 })
})

test('who leaves votes until it is proven gone', () => {
  const members = [voter(0, 1, 'leaving', dead), voter(0, 2, 'joining', there), voter(1, 1, 'in', there)]
  expect(quorum([...members, voter(2, 1, 'in', there)])).toEqual({ voters: 3, alive: 2 })
})

test('a successor that found no room and leaves again is no voter that answers', () => {
  const noRoom = voter(0, 2, 'leaving', { ref: null })
  expect(quorum([noRoom, voter(1, 1, 'in', there), voter(2, 1, 'in', dead)])).toEqual({ voters: 2, alive: 1 })
})
