// The `gantry` command, a client of the REST API like any other. main.ts keeps `serve` for itself: only it may start a
// server; here it is named so that the help is whole.

import { Command, CommanderError, Option } from 'commander'
import { stringify } from 'yaml'
import { realSeams } from '../kernel/real-seams.ts'
import { ApiProblem } from './client/api-problem.ts'
import { paintFor } from './client/text.ts'
import { addAnswers } from './commands/answers.ts'
import { addBackup } from './commands/backup.ts'
import { addBlueprint } from './commands/blueprint.ts'
import { addContext } from './commands/context.ts'
import { addDemo } from './commands/demo.ts'
import { addDoctor } from './commands/doctor.ts'
import { addEvent } from './commands/event.ts'
import { addInfrastructure } from './commands/infrastructure.ts'
import { addMachine } from './commands/machine.ts'
import { addPlatform } from './commands/platform.ts'
import { addProject } from './commands/project.ts'
import { addProvider } from './commands/provider.ts'
import { addReceipt } from './commands/receipt.ts'
import { addReplay } from './commands/replay.ts'
import { addRestore } from './commands/restore.ts'
import { addTask } from './commands/task.ts'
import { addTenant } from './commands/tenant.ts'
import { addTicket } from './commands/ticket.ts'
import { complaint, complaintData, exitCodeOf } from './complaint.ts'
import { type Runner, runnerIn } from './session.ts'
import { defaultUrl } from './settings.ts'
import { UsageError } from './usage.ts'
import { installedVersion } from './version.ts'
import type { LocalFacts, World } from './world.ts'

/**
 * Runs one command on this process's own terminal; `argv` without node and file. The result is the exit code:
 * 0 ok, 1 a problem, 2 a command that was not understood.
 */
export async function main(argv: readonly string[], local?: LocalFacts): Promise<number> {
  const stop = new AbortController()
  // npm passes on what the terminal has sent already, so a signal may come twice: the first is enough, and what a
  // command cleans up after itself is not cut short by the second.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => stop.abort(new Interrupted(signal)))
  // A reader that went away (`gantry ... | head`) is no error of ours.
  process.stdout.on('error', (error) => process.exit('code' in error && error.code === 'EPIPE' ? 0 : 1))
  const { stdout: out, stderr: err, env } = process
  return runCommand(argv, { out, err, env, now: realSeams().clock.now, signal: stop.signal, local })
}

/** The same in a world of the caller's making. */
export async function runCommand(argv: readonly string[], world: World): Promise<number> {
  const runner = runnerIn(world)
  try {
    await program(world, runner).parseAsync([...argv], { from: 'user' })
    return runner.exitCode()
  } catch (error) {
    if (error instanceof CommanderError && (error.exitCode === 0 || error.code === 'commander.help')) {
      return error.exitCode === 0 ? 0 : 2
    }
    if (world.signal.aborted && !(error instanceof ApiProblem)) return 130
    const said = error instanceof CommanderError ? misunderstood(error) : error
    complain(argv, said, world)
    return exitCodeOf(said)
  }
}

function program(world: World, runner: Runner): Command {
  const gantry = new Command('gantry')
    .description('Ask for whole application platforms, on the infrastructure that is already there.')
    .version(installedVersion(), '--version', 'print the version of this command')
    .option('--context <name>', 'the context to use (GANTRY_CONTEXT)')
    .option('--url <url>', `the server (GANTRY_URL; without a context ${defaultUrl})`)
    .option('--token <token>', 'the API token (GANTRY_TOKEN)')
    .option('--tenant <name>', 'the tenant, by name or id')
    .option('--project <name>', 'the project, by name or id')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json', 'yaml']).default('table'))
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.out.write(text),
      writeErr: (text) => world.err.write(text),
      // Told by complain(), as every error is.
      outputError: () => undefined,
    })
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true })
  gantry.commandsGroup('Start here:')
  addDemo(gantry, world, runner)
  gantry.command('serve').description('start a Gantry server; see  gantry serve --help')
  addDoctor(gantry, runner)
  addContext(gantry, runner)
  gantry.commandsGroup('Platforms:')
  addPlatform(gantry, runner)
  addAnswers(gantry, runner)
  addMachine(gantry, runner)
  addTask(gantry, runner)
  addReplay(gantry, runner)
  addReceipt(gantry, runner)
  addEvent(gantry, runner)
  gantry.commandsGroup('Tenants and quota:')
  addTenant(gantry, runner)
  addProject(gantry, runner)
  addTicket(gantry, runner)
  gantry.commandsGroup('Infrastructure and blueprints:')
  addProvider(gantry, runner)
  addInfrastructure(gantry, runner)
  addBlueprint(gantry, runner)
  gantry.commandsGroup('This Gantry itself:')
  addBackup(gantry, runner)
  addRestore(gantry, runner)
  for (const command of [gantry, ...gantry.commands]) command.helpCommand(false)
  // As people try it; the list of commands need not name it.
  gantry.command('help [command]', { hidden: true }).action((name?: string) => {
    const about = gantry.commands.find((command) => command.name() === name)
    return (about ?? gantry).help()
  })
  return gantry
}

/** Errors go to stderr, in the form that was asked for: also those of a command that was never understood. */
function complain(argv: readonly string[], error: unknown, world: World): void {
  const text = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).join(' ')
  const format = /(?:^|\s)(?:-o\s*|--output[=\s])(json|yaml)(?!\S)/.exec(text)?.[1]
  const data = JSON.parse(JSON.stringify(complaintData(error)))
  if (format === 'json') world.err.write(`${JSON.stringify(data, null, 2)}\n`)
  else if (format === 'yaml') world.err.write(stringify(data))
  else {
    const lines = complaint(error, paintFor(world.err, world.env), Boolean(world.env.GANTRY_DEBUG))
    world.err.write(`${lines.join('\n')}\n`)
  }
}

/** commander's `error: unknown command 'x'` and its guess on the next line, in our form. */
function misunderstood(error: CommanderError): UsageError {
  const [first = '', guess] = error.message.replace(/^error: /, '').split('\n')
  const what = `${first.charAt(0).toUpperCase()}${first.slice(1)}`.replace(/\.$/, '')
  return new UsageError(`${what}.${guess === undefined ? '' : ` ${guess.replace(/^\((.*)\)$/, '$1')}`}`, {
    next: 'Run it with --help to see what it takes.',
    cause: error,
  })
}

class Interrupted extends Error {
  constructor(signal: string) {
    super(`stopped by ${signal}`)
    this.name = 'Interrupted'
  }
}
