// An upgrade of Gantry runs nothing again: the fingerprints of a release are a file, and later releases must make the
// same ones of the same platform. A step kind that must really run again raises its revision and says so here.
// RELEASE=0.1.0 writes the file of a release, once.

import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parseBlueprint } from '../../src/blueprints/index.ts'
import { planOf } from '../../src/engine/index.ts'
import { fingerprint } from '../../src/engine/resolve.ts'
import { freshRecord, type MemberView, type PlatformView } from '../../src/engine/view.ts'
import { gateStep, machineStep, scriptStep, sshStep } from '../../src/steps/index.ts'
import { instantRemote } from '../bench/instant.ts'

const releases = ['0.1.0']
const folder = fileURLToPath(new URL('./released/', import.meta.url))

const document = `
name: kept
version: 1.0.0
description: One of everything that has a fingerprint.
parameters:
  text: { type: string, default: "a text, 'quoted' and \\u00e4" }
groups:
  voter: { count: 2, flavor: small, image: debian-12, quorum: true }
  worker: { count: 1, flavor: small, image: debian-12 }
steps:
  plain: { on: each, run: scripts/run.sh }
  made: { on: each(voter), needs: [plain], run: scripts/run.sh, with: { text: { param: text }, number: 7 }, outputs: { key: secret, id: plain } }
  found: { on: founder(voter), once: true, needs: [plain], run: scripts/run.sh, outputs: { id: plain } }
  joined: { on: each(worker), needs: [found], run: scripts/run.sh, with: { id: found.id, voters: voter.address, zone: member.zone } }
leave:
  worker: { on: any-healthy(voter), run: scripts/run.sh }
health:
  platform: { on: any-healthy(voter), run: scripts/run.sh }
`
const { blueprint } = parseBlueprint({ 'blueprint.yaml': document, 'scripts/run.sh': 'set -eu\ntrue\n' })

const revisions = new Map(
  [
    machineStep({ open: () => Promise.reject(new Error('nothing is made here')) }),
    sshStep({ remote: instantRemote() }),
    scriptStep({ remote: instantRemote() }),
    gateStep({ remote: instantRemote() }),
  ].map(({ kind, revision }) => [kind, revision]),
)

function member(group: string, ordinal: number, state: MemberView['state'], incarnation = 1): MemberView {
  const ref = `${group}-${ordinal}@${incarnation}`
  return {
    id: `mbr_${ref}` as MemberView['id'],
    ref,
    name: `${group}-${ordinal}`,
    group,
    ordinal,
    incarnation,
    state,
    cause: null,
    revision: 1,
    warmUntil: null,
    machine: {
      id: `mch_${ref}` as MemberView['machine']['id'],
      member: ref,
      providerId: 'prv_1' as MemberView['machine']['providerId'],
      resourceKey: `key/${ref}`,
      spec: '{}',
      specHash: 'h',
      nativeRef: ref,
      state: 'ready',
      zone: `zone-${ordinal}`,
      host: 'host-1',
      endpoints: [{ address: '192.0.2.1', port: 22 }],
      addresses: [`10.0.0.${group.length}${ordinal}`],
      loginUser: 'root',
      hostKey: 'ssh-ed25519 AAAA',
      hostKeySecret: 'sec_1@1',
      createSentAt: 1,
      missing: false,
    },
  }
}

const parameters = { text: "a text, 'quoted' and \u00e4" }

/** The platform with everything done, and one worker being replaced. */
function platform(): PlatformView {
  const members = [
    member('voter', 0, 'in'),
    member('voter', 1, 'in'),
    member('worker', 0, 'leaving'),
    member('worker', 0, 'joining', 2),
  ]
  const view: PlatformView = {
    id: 'plt_1' as PlatformView['id'],
    tenantId: 'tnt_1' as PlatformView['tenantId'],
    projectId: 'prj_1' as PlatformView['projectId'],
    name: 'kept',
    wish: { revision: 1, blueprint, parameters },
    older: [],
    settled: true,
    renewedAt: 0,
    blueprint,
    parameters,
    generation: 1,
    want: 'present',
    state: 'ready',
    stateReason: null,
    readyAt: 1,
    problem: null,
    unhealthy: null,
    sshSecret: 'sec_2@1',
    outputs: {},
    tasks: [],
    operations: [],
    hibernation: null,
    members: new Map(members.map((one) => [one.ref, one])),
    records: new Map(),
    founders: { voter: 'voter-0@1' },
    foundings: { voter: 1 },
    restarts: new Map(),
    abandoned: new Set(),
    inFlight: new Map(),
  }
  const outputs = { id: { value: 'cluster-1', secret: false }, key: { value: 'sec_3@2', secret: true } }
  const founding = planOf(view).steps.find((step) => step.key === 'script/found')
  if (founding) view.records.set(founding.key, { ...freshRecord(founding), achieved: 'done', outputs })
  return view
}

function fingerprintsNow(): Record<string, string | undefined> {
  const view = platform()
  return Object.fromEntries(
    planOf(view).steps.map((step) => [step.key, fingerprint(view, step, revisions.get(step.kind) ?? 0)]),
  )
}

test('the fixture has a step of every kind and mode that a plan can hold', () => {
  const kinds = new Set(planOf(platform()).steps.map((step) => `${step.kind} ${step.mode} ${step.want}`))
  expect([...kinds].sort()).toEqual([
    'gate each present',
    'machine each absent',
    'machine each present',
    'script each present',
    'script once present',
    'ssh each present',
  ])
})

test.each(releases)('fingerprints are those of release %s', async (release) => {
  const path = `${folder}fingerprints-${release}.json`
  if (process.env.RELEASE === release) await writeFile(path, `${JSON.stringify(fingerprintsNow(), null, 2)}\n`)
  expect(fingerprintsNow()).toEqual(JSON.parse(await readFile(path, 'utf8')))
})
