// Contexts: where Gantry is and who one is there, by name.

import type { Command } from 'commander'
import { type Context, contextPath, dropContext, putContext, readContexts, writeContexts } from '../client/contexts.ts'
import { facts, table } from '../client/table.ts'
import type { Runner, Session } from '../session.ts'
import { UsageError } from '../usage.ts'

export function addContext(parent: Command, { run }: Runner): void {
  const context = parent.command('context').description('servers and tokens by name, kept in a file for you alone')

  context
    .command('list', { isDefault: true })
    .description('all contexts; * marks the current one')
    .action(
      run(async ({ world, print }) => {
        const { current, contexts } = readContexts(contextPath(world.env))
        const rows = Object.entries(contexts).map(([name, c]) => [
          name === current ? '*' : ' ',
          name,
          c.url,
          c.tenant,
          c.project,
        ])
        const shown = Object.entries(contexts).map(([name, value]) => ({
          name,
          current: name === current,
          ...hidden(value),
        }))
        print.data(shown, (paint) =>
          rows.length > 0
            ? table([' ', 'NAME', 'URL', 'TENANT', 'PROJECT'], rows, paint)
            : ['There is no context yet:  gantry context set <name> --url <url> --token <token>'],
        )
      }),
    )

  context
    .command('show [name]')
    .description('one context, its token hidden')
    .action(
      run(async ({ world, print, settings }, { args: [name] }) => {
        const path = contextPath(world.env)
        const wanted = name ?? settings.contextName
        const found = wanted === undefined ? undefined : readContexts(path).contexts[wanted]
        if (wanted === undefined || !found) throw unknown(wanted)
        const { url, tenant, project } = found
        print.data({ name: wanted, ...hidden(found), file: path }, (paint) => [
          paint('strong', wanted),
          ...facts(
            [
              ['url', url],
              ['token', hidden(found).token],
              ['tenant', tenant],
              ['project', project],
              ['file', path],
            ],
            paint,
          ),
        ])
      }),
    )

  context
    .command('use <name>')
    .description('make it the current one')
    .action(
      run(async ({ world, print }, { args: [name = ''] }) => {
        const path = contextPath(world.env)
        const content = readContexts(path)
        if (!(name in content.contexts)) throw unknown(name)
        writeContexts(path, { ...content, current: name })
        print.say(`Now using ${name}.`)
      }),
    )

  context
    .command('set <name>')
    .description('make or change one:  --url, --token, --tenant and --project say what; it becomes the current one')
    .action(
      run(async (session, { args: [name = ''], command }) => {
        const path = contextPath(session.world.env)
        const before = readContexts(path).contexts[name]
        const asked = command.optsWithGlobals<Partial<Context>>()
        const url = asked.url ?? before?.url
        if (url === undefined)
          throw new UsageError('A new context needs --url.', {
            next: `gantry context set ${name} --url http://127.0.0.1:8080 --token ...`,
          })
        const value: Context = {
          url,
          token: asked.token ?? before?.token ?? '',
          tenant: asked.tenant ?? before?.tenant,
          project: asked.project ?? before?.project,
        }
        putContext(path, name, value, 'always')
        session.print.say(`Context ${name} is set, and now the current one.`)
      }),
    )

  context
    .command('remove <name>')
    .description('forget it')
    .action(
      run(async ({ world, print }: Session, { args: [name = ''] }) => {
        const path = contextPath(world.env)
        if (!(name in readContexts(path).contexts)) throw unknown(name)
        dropContext(path, name)
        print.say(`Context ${name} is gone.`)
      }),
    )
}

function hidden(context: Context): Context {
  return { ...context, token: context.token === '' ? '(none)' : `${context.token.slice(0, 4)}...` }
}

function unknown(name: string | undefined): UsageError {
  return new UsageError(name === undefined ? 'No context is in use.' : `There is no context ${name}.`, {
    next: 'gantry context list',
  })
}
