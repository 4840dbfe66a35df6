// Blueprints: those the server has, and those an author is writing. Checking one needs no server: the rules are pure.

import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { facts, table } from '../client/table.ts'
import { count, type Paint } from '../client/text.ts'
import type { Blueprint } from '../client/types.ts'
import type { Runner, Session } from '../session.ts'
import { UsageError } from '../usage.ts'

const schemaFile = join(import.meta.dirname, '../../../blueprints/blueprint.schema.json')

export function addBlueprint(parent: Command, { run }: Runner): void {
  const blueprint = parent.command('blueprint').description('descriptions of platforms')
  blueprint
    .command('list')
    .description('those that can be asked for')
    .action(
      run(async ({ api, print }) => {
        const blueprints = await api.blueprints()
        print.data(blueprints, (paint) =>
          table(
            ['NAME', 'VERSION', 'GROUPS', 'DESCRIPTION'],
            blueprints.map((b) => [b.name, b.version, b.groups.join(', '), b.description]),
            paint,
          ),
        )
      }),
    )
  blueprint
    .command('show <name[@version]>')
    .description('one, with its parameters')
    .action(
      run(async ({ api, print }, { args: [name = ''] }) => {
        const found = await api.blueprint(name)
        print.data(found, (paint) => blueprintLines(found, paint))
      }),
    )
  blueprint
    .command('add <folder>')
    .description('put one on the server')
    .action(
      run(async ({ api, print }, { args: [folder = ''] }) => {
        const made = await api.createBlueprint({ files: await filesOf(folder) })
        print.data(made, () => [
          `Blueprint ${made.name} ${made.version} is there.`,
          `Next:  gantry platform create <name> --blueprint ${made.name}@${made.version} --plan`,
        ])
      }),
    )
  blueprint
    .command('validate <folder>')
    .description('check one, without a server')
    .action(run((session, { args: [folder = ''] }) => validate(session, folder)))
  blueprint
    .command('schema')
    .description('the JSON Schema of blueprint.yaml, for editors')
    .option('--write', 'into the file that is part of Gantry')
    .option('--check', 'whether that file is up to date')
    .action(
      run<{ write?: boolean; check?: boolean }>(async ({ print, exit }, { options }) => {
        const { blueprintJsonSchema } = await import('../../blueprints/index.ts')
        const text = `${JSON.stringify(blueprintJsonSchema(), null, 2)}\n`
        if (options.write) return writeFileSync(schemaFile, text)
        if (!options.check) return print.data(blueprintJsonSchema(), () => [text.trimEnd()])
        if (readFileSync(schemaFile, 'utf8') === text) return
        print.say(`${schemaFile} is not what the language says:  gantry blueprint schema --write`)
        exit(1)
      }),
    )
}

/** The files of a blueprint. Throws UsageError for what is no folder. */
async function filesOf(folder: string): Promise<Record<string, string>> {
  const found = statSync(folder, { throwIfNoEntry: false })
  if (!found) throw new UsageError(`There is no folder ${folder}.`)
  if (!found.isDirectory()) throw new UsageError(`${folder} is no folder.`, { next: 'Name the folder that it is in.' })
  const { loadBlueprintFolder } = await import('../../blueprints/index.ts')
  return { ...(await loadBlueprintFolder(folder)) }
}

async function validate({ print, exit }: Session, folder: string): Promise<void> {
  const { inspectBlueprint } = await import('../../blueprints/index.ts')
  const result = inspectBlueprint(await filesOf(folder))
  if (result.kind === 'invalid') {
    print.data(result, (paint) => [
      ...result.mistakes.flatMap(({ file, line, column, message, hint }) => [
        `${paint('strong', join(folder, file))}:${line}:${column}  ${message}`,
        `    ${hint}`,
      ]),
      paint('bad', `${count(result.mistakes.length, 'mistake')}.`),
    ])
    return exit(1)
  }
  const { document, scripts } = result.blueprint
  print.data({ kind: 'ok', name: document.name, version: document.version, digest: result.digest }, (paint) => [
    `${paint('good', 'ok')}  ${document.name} ${document.version}  ${count(Object.keys(document.parameters ?? {}).length, 'parameter')}, ${count(Object.keys(document.groups).length, 'group')}, ${count(Object.keys(scripts).length, 'script')}`,
    `Next:  gantry blueprint add ${folder}`,
  ])
}

function blueprintLines(blueprint: Blueprint, paint: Paint): string[] {
  const operations = blueprint.operations.flatMap((operation) => [
    `  ${paint('strong', operation.name)}  ${operation.mode}${operation.description ? `  ${operation.description}` : ''}`,
    ...facts(parameterFacts(operation.parameters), paint).map((line) => `  ${line}`),
  ])
  return [
    `${paint('strong', blueprint.name)} ${blueprint.version}${blueprint.description ? `  ${blueprint.description}` : ''}`,
    ...facts(
      [
        ['groups', blueprint.groups.join(', ')],
        ['outputs', blueprint.outputs.join(', ')],
        ['digest', blueprint.digest],
      ],
      paint,
    ),
    paint('quiet', 'PARAMETERS'),
    ...facts(parameterFacts(blueprint.parameters), paint),
    ...(operations.length > 0 ? [paint('quiet', 'OPERATIONS'), ...operations] : []),
    `Next:  gantry platform create <name> --blueprint ${blueprint.name}@${blueprint.version} --plan`,
  ]
}

/** Each parameter of a JSON Schema with what it may be. */
function parameterFacts(schema: Blueprint['parameters']): (readonly [string, string])[] {
  const required = Array.isArray(schema.required) ? schema.required : []
  return Object.entries(Object(schema.properties)).map(([name, field]) => {
    const { type, enum: choices, minimum, maximum, default: preset, description } = Object(field)
    const range = choices
      ? `one of ${choices.join(', ')}`
      : [minimum, maximum].every((n) => n !== undefined)
        ? `${minimum} to ${maximum}`
        : type
    const parts = [
      range,
      required.includes(name) && 'required',
      preset !== undefined && `default ${JSON.stringify(preset)}`,
      description,
    ]
    return [name, parts.filter(Boolean).join('; ')] as const
  })
}
