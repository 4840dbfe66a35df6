// What is swept: every operation of a platform's life on every blueprint that is shipped, and on the tests' own, with the
// smallest member counts in which every group has somebody.

import { failingScripts, refusingToMake } from './calls.ts'
import { changed, changedInMidway, retried, takenBack, type Version } from './changes.ts'
import { drifted, verified } from './drifting.ts'
import { emptied, emptiedByDeadline } from './emptying.ts'
import { removedAsleep, removedGone, removedPaused } from './ending.ts'
import { followed, followedNoMore } from './following.ts'
import { forgotten, forgottenAnywhere } from './forgetting.ts'
import { heldThenDeleted, resumed, stoppedAnywhere } from './holding.ts'
import { leaseEnded, leaseRenewed, scheduled } from './keeping.ts'
import { hostLost, hung } from './losing.ts'
import { abandon, build, remove, replace, type Shape } from './operations.ts'
import type { Parts } from './process.ts'
import { refounded, restarted } from './refounding.ts'
import { ignored, rebooted, recreated, unguarded, waitedFor } from './resolving.ts'
import { paused, slept, woken } from './resting.ts'
import { restored } from './restoring.ts'
import { ran, ranBesideRepair } from './running.ts'
import { sleptAnywhere } from './sleeping.ts'
import type { MemoryOperation } from './start.ts'
import { cooled, keepingWarm, undone } from './undoing.ts'

/** The operations of a platform's life. Whoever adds one adds it here, and the guard asks for its sweeps. */
export const operationKinds = [
  'build',
  'delete',
  'delete in mid-build',
  'replace',
  'scale up',
  'scale down',
  'change in place',
  'upgrade',
  'rollback',
  'renew',
  'change in mid-change',
  'cancel and resume',
  'cancel and delete',
  'retry',
  'blueprint operation',
  'host maintenance',
  'maintenance deadline',
  'automatic upgrade',
  'pause and resume',
  'hibernate',
  'wake',
  'forget',
  'resolve',
  'undo',
  'keep warm',
  'lease',
  'schedule',
  'lost quorum',
  'lost host',
  'hung machine',
  'drift repair',
  'restore',
] as const
export type OperationKind = (typeof operationKinds)[number]

export interface Entry {
  readonly kind: OperationKind
  readonly operation: MemoryOperation
  /** The ways in which it is disturbed, by name; all of them when absent. */
  readonly ways?: readonly string[]
}

export interface Swept {
  readonly folder: string
  readonly entries: readonly Entry[]
  /** Kinds that this blueprint cannot have, and why. */
  readonly lacks: Partial<Readonly<Record<OperationKind, string>>>
}

interface Plan {
  readonly folder: string
  readonly shape: Shape
  /** A slot of each group, the founder's among them. */
  readonly slots: readonly string[]
  /** Whose host is emptied, and of which shape where that must be another. */
  readonly emptied: { readonly slot: string; readonly shape?: Shape }
  /** The same blueprint in another version, by replacement. */
  readonly upgrade: Version
  /** Another version that the machines themselves follow. */
  readonly inPlace?: Version
  /** Another version whose first step is verified on every machine. */
  readonly verified?: Version
  /** Voters that are lost and with them the quorum, once with one left, once with none. */
  readonly quorums?: readonly (readonly string[])[]
  readonly up: Readonly<Record<string, number>>
  readonly larger: number
  /** Makes the upgrade fail for good. */
  readonly failing: Parts
  readonly more?: readonly Entry[]
  readonly lacks?: Swept['lacks']
}

const upgradeTo = '1.1.0'
const inPlaceTo = '1.2.0'
const verifiedTo = '1.3.0'
const patchTo = '1.0.1'
const majorTo = '2.0.0'

function sweptOf(plan: Plan): Swept {
  const { folder, shape, slots, upgrade, inPlace, up, larger } = plan
  const [slot = ''] = slots
  const blueprint = (version: string) => `${folder.split('/').at(-1)}@${version}`
  const upgraded = { shape, versions: [upgrade], wish: { kind: 'change', blueprint: blueprint(upgradeTo) } } as const
  const warm = { shape, version: keepingWarm(upgrade), blueprint: blueprint(upgradeTo), slot }
  const patch = { ...(inPlace ?? upgrade), version: patchTo }
  const follows = {
    patch: { shape, follow: 'patch', to: patch, beyond: upgrade },
    minor: { shape, follow: 'minor', to: upgrade, beyond: { ...upgrade, version: majorTo } },
  } as const
  const grown = { kind: 'change', parameters: up } as const
  const large = { parameters: { ...shape.parameters, ...up }, machines: larger }
  const entry = (kind: OperationKind, operation: MemoryOperation): Entry => ({ kind, operation })
  return {
    folder,
    lacks: plan.lacks ?? {},
    entries: [
      entry('build', build(shape)),
      entry('delete in mid-build', abandon(shape)),
      ...slots.map((one) => entry('replace', replace(shape, one))),
      entry('delete', remove(shape)),
      entry('delete', removedAsleep(shape)),
      entry('delete', removedPaused(shape)),
      entry('delete', removedGone(shape)),
      entry('forget', forgotten(shape)),
      { kind: 'forget', operation: forgottenAnywhere(shape), ways: ['crash'] },
      entry('resolve', ignored(shape, slot)),
      ...slots.map((one) => entry('resolve', recreated(shape, one))),
      ...slots.map((one) => entry('resolve', waitedFor(shape, one))),
      ...slots.map((one) => entry('resolve', rebooted(shape, one))),
      entry('resolve', unguarded(shape, slot)),
      entry('undo', undone(warm)),
      entry('keep warm', cooled(warm)),
      entry('lease', leaseEnded(shape)),
      entry('lease', leaseRenewed(shape)),
      entry('schedule', scheduled(shape)),
      entry('lost host', hostLost(shape, slots.at(-1) ?? '')),
      entry('restore', restored(shape, slot)),
      ...(plan.quorums ?? []).map((dead) => entry('lost quorum', refounded(shape, dead))),
      ...(plan.quorums ?? []).slice(0, 1).map((dead) => entry('lost quorum', restarted(shape, dead))),
      ...(plan.verified
        ? [
            ...slots.map((one) => entry('hung machine', hung(shape, one))),
            entry('drift repair', drifted(shape, plan.verified, blueprint(verifiedTo), slot)),
          ]
        : []),
      entry('cancel and resume', resumed(shape)),
      entry('cancel and resume', stoppedAnywhere(shape)),
      entry('cancel and delete', heldThenDeleted(shape)),
      entry('pause and resume', paused(shape)),
      entry('hibernate', slept(shape)),
      entry('wake', woken(shape)),
      // What is asked for depends on where it was cut, so only a cut makes sense.
      { kind: 'hibernate', operation: sleptAnywhere(shape), ways: ['crash'] },
      entry('host maintenance', emptied(plan.emptied.shape ?? shape, plan.emptied.slot)),
      entry('maintenance deadline', emptiedByDeadline(plan.emptied.shape ?? shape, plan.emptied.slot)),
      entry('automatic upgrade', followed(follows.patch)),
      entry('automatic upgrade', followed(follows.minor)),
      { kind: 'automatic upgrade', operation: followedNoMore(follows.patch), ways: ['crash'] },
      entry('scale up', changed({ name: 'scale up', shape, wish: grown, machines: larger })),
      entry(
        'scale down',
        changed({
          name: 'scale down',
          shape: large,
          wish: { kind: 'change', parameters: shape.parameters },
          machines: shape.machines,
        }),
      ),
      entry('upgrade', changed({ name: 'upgrade by replacement', ...upgraded })),
      entry('renew', changed({ name: 'renew', shape, wish: { kind: 'renew' } })),
      entry(
        'rollback',
        changed({ name: 'rollback', shape, before: [grown], wish: { kind: 'rollback' }, machines: shape.machines }),
      ),
      entry('rollback', changedInMidway({ name: 'rollback in mid-upgrade', ...upgraded }, { kind: 'rollback' })),
      entry(
        'change in mid-change',
        changedInMidway({ name: 'scale up in mid-upgrade', ...upgraded, machines: larger }, grown),
      ),
      entry('retry', retried({ name: 'retry of an upgrade that stopped', ...upgraded }, plan.failing)),
      entry('rollback', takenBack({ name: 'rollback of an upgrade that stopped', ...upgraded }, plan.failing)),
      ...(inPlace
        ? [
            entry(
              'change in place',
              changed({
                name: 'change in place',
                shape,
                versions: [inPlace],
                wish: { kind: 'change', blueprint: blueprint(inPlaceTo) },
                kinds: 4,
              }),
            ),
          ]
        : []),
      ...(plan.more ?? []),
    ],
  }
}

/** The script says something else than before. */
function edited(version: string, script: string, strategy: 'inPlace' | 'replace'): Version {
  return {
    version,
    edit(path, text) {
      if (path === script) return `${text}\n: ${version}\n`
      return path === 'blueprint.yaml' ? text.replace(/strategy: replace/, `strategy: ${strategy}`) : text
    },
  }
}

const machinesShape = { parameters: { count: 2 }, machines: 2 }
const swarmShape = { parameters: { managers: 3, workers: 1 }, machines: 4 }
const quorumShape = { parameters: { voters: 3, workers: 1 }, machines: 4 }

/** Scripts on the second machines of slots, which an upgrade makes. */
const onSuccessors = /-0@2/

export const catalogue: readonly Swept[] = [
  sweptOf({
    folder: 'blueprints/machines',
    shape: machinesShape,
    slots: ['machine-0'],
    emptied: { slot: 'machine-0' },
    upgrade: {
      version: upgradeTo,
      edit: (_path, text) =>
        text.replace('flavor: { param: flavor }', 'flavor: medium').replace(/^ {2}flavor: .*\n/m, ''),
    },
    up: { count: 3 },
    larger: 3,
    failing: refusingToMake((member) => onSuccessors.test(member)),
    lacks: {
      'change in place': 'its machines run no steps that could change',
      'blueprint operation': 'it declares none',
      'lost quorum': 'its machines do not vote',
      'drift repair': 'its machines run no steps that could be undone',
      'hung machine': 'it declares no checks of its machines',
    },
  }),
  sweptOf({
    folder: 'blueprints/swarm',
    shape: swarmShape,
    slots: ['worker-0', 'manager-0'],
    // Three hosts for three managers: one of them goes to where another is.
    emptied: {
      slot: 'manager-0',
      shape: { ...swarmShape, parameters: { ...swarmShape.parameters, managerSpread: 'should' } },
    },
    upgrade: edited(upgradeTo, 'scripts/docker.sh', 'replace'),
    inPlace: edited(inPlaceTo, 'scripts/docker.sh', 'inPlace'),
    verified: verified(verifiedTo, 'scripts/docker.sh'),
    quorums: [
      ['manager-0', 'manager-1'],
      ['manager-0', 'manager-1', 'manager-2'],
    ],
    up: { workers: 2 },
    larger: 5,
    failing: failingScripts((key) => onSuccessors.test(key)),
    more: [
      { kind: 'blueprint operation', operation: ran(swarmShape, 'rotate-join-tokens', 1) },
      { kind: 'blueprint operation', operation: ran(swarmShape, 'smoke', 5) },
    ],
  }),
  sweptOf({
    folder: 'test/blueprints/quorum',
    shape: quorumShape,
    slots: ['worker-0', 'voter-0'],
    emptied: { slot: 'voter-0' },
    upgrade: edited(upgradeTo, 'scripts/prepare.sh', 'replace'),
    inPlace: edited(inPlaceTo, 'scripts/prepare.sh', 'inPlace'),
    verified: verified(verifiedTo, 'scripts/prepare.sh'),
    quorums: [
      ['voter-0', 'voter-1'],
      ['voter-0', 'voter-1', 'voter-2'],
    ],
    up: { workers: 2 },
    larger: 5,
    failing: failingScripts((key) => onSuccessors.test(key)),
    more: [
      {
        kind: 'scale up',
        operation: changed({
          name: 'scale up of voters',
          shape: { parameters: { voters: 1, workers: 1 }, machines: 2 },
          wish: { kind: 'change', parameters: { voters: 3 } },
          machines: 4,
        }),
      },
      {
        kind: 'scale down',
        operation: changed({
          name: 'scale down of voters',
          shape: quorumShape,
          wish: { kind: 'change', parameters: { voters: 1 } },
          machines: 2,
        }),
      },
      { kind: 'blueprint operation', operation: ran(quorumShape, 'survey', 5) },
      { kind: 'blueprint operation', operation: ran(quorumShape, 'rekey', 4) },
      { kind: 'blueprint operation', operation: ranBesideRepair(quorumShape, 'rekey', 'worker-0') },
    ],
  }),
]
