// The blueprints of a history: plain machines, and one that has of everything. Their scripts are never read by a
// shell; remote.ts plays what they do.

import type { BlueprintFiles } from '../../src/blueprints/index.ts'

/** What the first step of a version tells its machine by. */
export const editionOf: Readonly<Record<string, string>> = {
  '1.0.0': 'one',
  '1.0.1': 'onePatched',
  '1.1.0': 'oneMore',
  '2.0.0': 'two',
  '2.0.1': 'twoPatched',
  '2.1.0': 'twoMore',
}

const plain = `
name: plain
version: 1.0.0
description: Machines and one script on each.
parameters:
  count: { type: integer, minimum: 1, maximum: 5, default: 1 }
  flavor: { type: flavor, default: small }
  revision: { type: integer, minimum: 1, default: 1 }
groups:
  node: { count: { param: count }, flavor: { param: flavor }, image: debian-12, spread: { host: should, zone: should } }
steps:
  setup: { on: each, run: scripts/setup.sh, with: { revision: { param: revision }, edition: { value: one } }, verify: scripts/undone.sh, every: 20s }
health:
  machines: { node: { run: scripts/well.sh, every: 15s } }
update: { strategy: inPlace, canaries: 1, maxInFlight: 2 }
`

/** Another version: one step more, its machines are replaced, and those that gave way are kept warm for a while. */
const plain2 = revised(plain, [
  ['setup.sh', 'setup2.sh'],
  ['health:', '  tune: { on: each, needs: [setup], run: scripts/tune.sh }\nhealth:'],
  ['{ node: { run: scripts/well.sh', '{ node: { onFailure: recreate, run: scripts/well.sh'],
  ['strategy: inPlace,', 'strategy: replace, keepWarm: 2m,'],
])

const council = `
name: council
version: 1.0.0
description: Voters that found, mint tokens, let join and leave, and workers.
parameters:
  voters: { type: integer, enum: [1, 3], default: 3 }
  workers: { type: integer, minimum: 0, maximum: 3, default: 1 }
  flavor: { type: flavor, default: small }
  revision: { type: integer, minimum: 1, default: 1 }
groups:
  voter: { count: { param: voters }, flavor: { param: flavor }, image: debian-12, spread: { host: must, zone: should }, quorum: true }
  worker: { count: { param: workers }, flavor: { param: flavor }, image: debian-12, spread: { host: should } }
steps:
  prepare: { on: each, run: scripts/prepare.sh, with: { revision: { param: revision }, edition: { value: one } } }
  found:
    on: founder(voter)
    once: true
    needs: [prepare]
    run: scripts/found.sh
    outputs: { clusterId: plain, adminKey: secret }
  token:
    on: any-healthy(voter)
    fresh: true
    needs: [found]
    run: scripts/token.sh
    outputs: { voter: secret, worker: secret, address: plain }
  join:
    on: each
    except: founder
    needs: [prepare, found]
    run: scripts/join.sh
    with: { cluster: found.clusterId }
    using:
      token: { choose: { by: group, cases: { voter: token.voter, worker: token.worker } } }
      via: token.address
leave:
  voter: { on: any-healthy(voter), run: scripts/leave.sh, deadline: 2m, onTimeout: block }
  worker: { on: any-healthy(voter), run: scripts/leave.sh, deadline: 1m, onTimeout: proceed }
drain:
  voter: { on: any-healthy(voter), run: scripts/drain.sh }
return:
  voter: { on: any-healthy(voter), run: scripts/return.sh }
health:
  platform: { on: any-healthy(voter), run: scripts/health.sh, every: 30s, gate: { passes: 1 } }
update: { strategy: { voter: inPlace, worker: replace }, canaries: 1, maxInFlight: 2, order: [voter, worker] }
operations:
  survey:
    description: Everybody is asked.
    mode: shared
    steps:
      look: { on: each, run: scripts/look.sh, outputs: { seen: plain }, attempts: 2, deadline: 2m }
      count:
        on: any-healthy(voter)
        needs: [{ step: look, of: all(voter) }, { step: look, of: all(worker) }]
        run: scripts/count.sh
        outputs: { counted: plain }
        deadline: 2m
    outputs:
      counted: { from: count.counted }
  rekey:
    description: A new key, made alone.
    mode: exclusive
    steps:
      key: { on: any-healthy(voter), run: scripts/key.sh, outputs: { adminKey: secret }, attempts: 2, deadline: 3m, onLost: block }
      spread: { on: each, except: founder, needs: [key], run: scripts/spread.sh, using: { key: key.adminKey }, deadline: 3m }
    outputs:
      admin-key: { from: key.adminKey }
outputs:
  cluster-id: { from: found.clusterId }
  admin-key: { from: found.adminKey }
`

/** Another version: its workers are drained and kept warm, its voters replaced one at a time. */
const council2 = revised(council, [
  ['prepare.sh', 'prepare2.sh'],
  ['drain:', 'drain:\n  worker: { on: any-healthy(voter), run: scripts/drain.sh }'],
  ['return:', 'return:\n  worker: { on: any-healthy(voter), run: scripts/return.sh }'],
  ['{ voter: inPlace, worker: replace }', '{ voter: replace, worker: replace }, keepWarm: 2m'],
])

/** Versions that come to be while a history lasts: of each but its number, what its first step tells its machines. */
const later: readonly (readonly [string, string])[] = [plain, council, plain2, council2].flatMap((document) => {
  const [, name = '', from = ''] = /^name: (\w+)\nversion: (\S+)$/m.exec(document) ?? []
  return ['.0.1', '.1.0'].map((end) => {
    const version = from.replace(/\.0\.0$/, end)
    const told = `edition: { value: ${editionOf[version]} }`
    const text = document.replace(`version: ${from}`, `version: ${version}`)
    return [`${name}@${version}`, text.replace(/edition: \{ value: \w+ \}/, told)] as const
  })
})

function revised(document: string, edits: readonly (readonly [string, string])[]): string {
  const first = document.replace('version: 1.0.0', 'version: 2.0.0').replace('{ value: one }', '{ value: two }')
  return edits.reduce((text, [from, to]) => text.replace(from, to), first)
}

function withScripts(document: string): BlueprintFiles {
  const scripts = [...document.matchAll(/scripts\/(\w+)\.sh/g)].map(([path, name]) => [path, `play ${name}\n`] as const)
  return { 'blueprint.yaml': document, ...Object.fromEntries(scripts) }
}

export const blueprints: readonly BlueprintFiles[] = [plain, council, plain2, council2].map(withScripts)

/** `name@version` of what can be published. */
export const publishable: readonly string[] = later.map(([name]) => name)

export function filesOf(blueprint: string): BlueprintFiles {
  const found = later.find(([name]) => name === blueprint)
  if (!found) throw new Error(`nobody writes ${blueprint}`)
  return withScripts(found[1])
}
