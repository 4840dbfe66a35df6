// A rule that matches nothing looks just like a rule that is kept. So the proof builds a small house in a temporary
// folder, breaks every rule of rules.cjs in it, and asks dependency-cruiser: each wrong import must be named with its
// rule, each right one must pass, and a rule that no line here breaks is itself an error.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { cruise } from './cruise.ts'

/** `file -> what it imports : the rule that must object`. */
const wrong = `
  src/kernel/ids.ts               -> src/store/store.ts             : kernel-imports-only-what-it-may
  src/store/migrate.ts            -> src/events/append.ts           : store-imports-only-what-it-may
  src/events/append.ts            -> src/access/scope.ts            : events-imports-only-what-it-may
  src/secrets/vault.ts            -> src/access/scope.ts            : secrets-imports-only-what-it-may
  src/access/policy.ts            -> src/resources/tenants/index.ts : access-imports-only-what-it-may
  src/quota/admit.ts              -> src/access/scope.ts            : quota-imports-only-what-it-may
  src/placement/hosts.ts          -> src/quota/admit.ts             : placement-imports-only-what-it-may
  src/placement/place.ts          -> src/store/store.ts             : placement-chooses-purely
  src/blueprints/plan.ts          -> src/store/store.ts             : blueprints-imports-only-what-it-may
  src/engine/pass.ts              -> src/steps/script.ts            : engine-imports-only-what-it-may
  src/engine/dispatch.ts          -> src/provider/contract.ts       : engine-imports-only-what-it-may
  src/engine/answer.ts            -> src/http/endpoint.ts           : engine-imports-only-what-it-may
  src/engine/owner.ts             -> src/resources/tenants/index.ts : engine-imports-only-what-it-may
  src/engine/run.ts               -> src/bootstrap/remote.ts        : engine-imports-only-what-it-may
  src/care/heal.ts                -> src/bootstrap/remote.ts        : care-imports-only-what-it-may
  src/provider/registry.ts        -> src/engine/pass.ts             : provider-imports-only-what-it-may
  src/bootstrap/pool.ts           -> src/provider/contract.ts       : bootstrap-imports-only-what-it-may
  src/steps/machine.ts            -> src/engine/lease.ts            : steps-imports-only-what-it-may
  src/steps/gate.ts               -> src/blueprints/plan.ts         : steps-imports-only-what-it-may
  src/resources/tenants/store.ts  -> src/bootstrap/remote.ts        : resources-imports-only-what-it-may
  src/http/kit.ts                 -> src/store/store.ts             : http-imports-only-what-it-may
  src/http/routes.ts              -> src/resources/tenants/index.ts : http-imports-only-what-it-may
  src/console/serve.ts            -> src/store/store.ts             : console-imports-only-what-it-may
  src/replay/play.ts              -> src/resources/tenants/index.ts : replay-imports-only-what-it-may
  src/cli/platform.ts             -> src/store/store.ts             : cli-imports-only-what-it-may
  src/kernel/left.ts              -> src/kernel/right.ts            : no-cycle
  src/events/nowhere.ts           -> src/events/missing.ts          : every-import-is-found
  src/attic/box.ts                -> src/kernel/clock.ts            : every-room-is-on-the-map
  src/events/attic.ts             -> src/attic/empty.ts             : no-import-of-an-unmapped-room
  src/resources/projects/store.ts -> src/resources/tenants/rows.ts  : slices-meet-at-index
  src/resources/common.ts         -> src/resources/tenants/rows.ts  : shared-slice-parts-know-no-slice
  providers/incus/session.ts      -> src/store/store.ts             : providers-import-only-the-socket
  providers/ec2/session.ts        -> providers/incus/index.ts       : providers-import-only-the-socket
  src/resources/machines/list.ts  -> providers/incus/index.ts       : only-app-imports-providers-and-steps
  src/main.ts                     -> src/steps/script.ts            : only-app-imports-providers-and-steps
  src/care/scan.ts                -> src/app.ts                     : only-main-imports-app-and-cli
  src/app.ts                      -> src/cli/client.ts              : app-imports-no-client
  src/main.ts                     -> src/store/store.ts             : main-starts-app-or-cli
  src/cli/demo.ts                 -> src/blueprints/parse.ts        : demo-uses-only-the-client
  src/cli/demo/show.ts            -> src/kernel/clock.ts            : demo-uses-only-the-client
  src/resources/machines/ssh.ts   -> ssh2                           : ssh2-behind-its-seam
  providers/vsphere/session.ts    -> ssh2                           : ssh2-behind-its-seam
  src/engine/clock.ts             -> timers/promises                : no-timers-but-seams
  src/quota/shares.ts             -> test/support/world.ts          : no-test-in-the-house
  src/quota/limits.ts             -> src/quota/ticket.test.ts       : no-test-in-the-house
  src/store/open.ts               -> vitest                         : no-dev-dependency-in-the-house
`

/** The arrow as the design draws it; none of these may be objected to. */
const right = `
  src/main.ts                     -> src/app.ts
  src/main.ts                     -> src/cli/platform.ts
  src/app.ts                      -> src/resources/tenants/index.ts
  src/app.ts                      -> providers/incus/index.ts
  src/app.ts                      -> src/steps/script.ts
  src/app.ts                      -> src/http/endpoint.ts
  src/resources/tenants/index.ts  -> src/resources/tenants/rows.ts
  src/resources/tenants/rows.ts   -> src/store/store.ts
  src/resources/platforms/show.ts -> src/resources/tenants/index.ts
  src/resources/platforms/show.ts -> src/engine/lease.ts
  src/resources/platforms/show.ts -> src/care/decide.ts
  src/care/decide.ts              -> src/engine/lease.ts
  src/care/decide.ts              -> src/provider/contract.ts
  src/engine/lease.ts             -> src/secrets/read.ts
  src/engine/lease.ts             -> src/blueprints/parse.ts
  src/secrets/read.ts             -> src/events/list.ts
  src/access/scope.ts             -> src/events/list.ts
  src/events/list.ts              -> src/store/store.ts
  src/store/store.ts              -> src/kernel/clock.ts
  src/placement/capacity.ts       -> src/store/store.ts
  src/steps/script.ts             -> src/engine/step-kind.ts
  src/steps/script.ts             -> src/blueprints/plan-types.ts
  src/steps/script.ts             -> src/bootstrap/remote.ts
  src/steps/script.ts             -> src/provider/contract.ts
  src/bootstrap/remote.ts         -> ssh2
  providers/incus/index.ts        -> src/provider/contract.ts
  providers/simulated/machine.ts  -> ssh2
  src/cli/demo/start.ts           -> src/cli/client.ts
  src/cli/platform.ts             -> src/kernel/clock.ts
  src/engine/lease.test.ts        -> src/steps/script.ts
  src/engine/lease.test.ts        -> vitest
  test/support/world.ts           -> src/app.ts
`

/** The same forbidden import in every form the language has. */
const forms: Record<string, (from: string) => string> = {
  'import-value': (from) => `import { it } from '${from}'\nexport const held = it`,
  'import-type': (from) => `import type { It } from '${from}'\nexport type Held = It`,
  'import-inline-type': (from) => `import { type It } from '${from}'\nexport type Held = It`,
  're-export': (from) => `export * from '${from}'`,
  're-export-type': (from) => `export type { It } from '${from}'`,
  dynamic: (from) => `export const late = async () => (await import('${from}')).it`,
  'type-of-module': (from) => `export type Held = import('${from}').It`,
  'beside-using': (from) =>
    `import { it } from '${from}'\nexport async function f(): Promise<number> {\n  await using _x = { async [Symbol.asyncDispose]() {} }\n  return it satisfies number\n}`,
}

interface Edge {
  readonly from: string
  readonly to: string
  readonly rule?: string
}

function edges(table: string): Edge[] {
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [, from, to, rule] = /^\s*(\S+)\s+->\s+(\S+)(?:\s+:\s+(\S+))?$/.exec(line) ?? []
      if (!from || !to) throw new Error(`not an edge: ${line}`)
      return rule ? { from, to, rule } : { from, to }
    })
}

/** Writes the house: each file imports what the tables say of it, and every target exists unless it is to be missing. */
function build(folder: string, all: Edge[]): void {
  const sources = new Map<string, string[]>()
  const lines = (file: string) => sources.get(file) ?? sources.set(file, []).get(file) ?? []
  for (const { from, to } of all) {
    const local = to.endsWith('.ts')
    lines(from).push(`import '${local ? relative(dirname(from), to).replace(/^(?!\.)/, './') : to}'`)
    if (local && !to.endsWith('missing.ts')) lines(to)
  }
  lines('src/kernel/right.ts').push("import './left.ts'") // closes the cycle, which is reported once
  for (const [form, text] of Object.entries(forms))
    lines(`src/engine/form-${form}.ts`).push(text('../http/endpoint.ts'))
  for (const [file, text] of sources) {
    mkdirSync(join(folder, dirname(file)), { recursive: true })
    writeFileSync(join(folder, file), `${text.join('\n')}\nexport const it = 1\nexport type It = number\n`)
  }
  for (const name of ['ssh2', 'vitest']) {
    mkdirSync(join(folder, 'node_modules', name), { recursive: true })
    writeFileSync(join(folder, 'node_modules', name, 'package.json'), JSON.stringify({ name, main: 'index.js' }))
    writeFileSync(join(folder, 'node_modules', name, 'index.js'), '')
  }
  const manifest = { name: 'house', type: 'module', dependencies: { ssh2: '1' }, devDependencies: { vitest: '1' } }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
}

/** An import as dependency-cruiser reports it: packages by their file, what is missing as it was written. */
function target(to: string): string {
  if (to.endsWith('missing.ts')) return './missing.ts'
  if (isBuiltin(to)) return to
  return to.endsWith('.ts') ? to : `node_modules/${to}/index.js`
}

/** Answers what is wrong with the rules, one sentence each; nothing when every rule bites. */
export function proveArrow(): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-arrow-'))
  try {
    const bad = edges(wrong)
    const good = edges(right)
    build(folder, [...bad, ...good])
    const { violations, rules } = cruise(folder, ['src', 'providers', 'test'])
    const said = new Set(violations.map(({ rule, from, to }) => `${from} -> ${to} : ${rule.name}`))
    const faults: string[] = []
    for (const { from, to, rule } of bad) {
      if (!said.has(`${from} -> ${target(to)} : ${rule}`)) faults.push(`${rule} did not object to ${from} -> ${to}`)
    }
    for (const form of Object.keys(forms)) {
      const line = `src/engine/form-${form}.ts -> src/http/endpoint.ts : engine-imports-only-what-it-may`
      if (!said.has(line)) faults.push(`an import in the form ${form} was not seen`)
    }
    for (const { from, to } of good) {
      const line = [...said].find((each) => each.startsWith(`${from} -> ${target(to)} `))
      if (line) faults.push(`a rule objects to what the design allows: ${line}`)
    }
    const broken = new Set(bad.map(({ rule }) => rule))
    for (const name of rules.keys()) if (!broken.has(name)) faults.push(`no line of proof.ts breaks the rule ${name}`)
    return faults
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.main) {
  const faults = proveArrow()
  for (const fault of faults) console.error(fault)
  process.exit(faults.length ? 1 : 0)
}
