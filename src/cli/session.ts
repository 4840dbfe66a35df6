// One command under way: the API it speaks to, names, and where it prints.

import type { Command, OptionValues } from 'commander'
import { type Api, apiOf } from './client/api.ts'
import { namesOf } from './names.ts'
import { type Printer, printerOf } from './output.ts'
import { type Settings, settingsOf } from './settings.ts'
import type { World } from './world.ts'

export interface Session {
  readonly world: World
  readonly settings: Settings
  readonly api: Api
  readonly names: ReturnType<typeof namesOf>
  readonly print: Printer
  /** Ends the command with this exit code once it is done; without it, 0. */
  exit(code: number): void
}

/** The arguments and options of a command, as commander parsed them. */
export interface Given<Options> {
  readonly args: readonly (string | undefined)[]
  readonly options: Options
  readonly command: Command
}

type Handler<Options> = (session: Session, given: Given<Options>) => Promise<void>

/** Where progress of a task is shown: not where a program reads the result. */
export function progressOf({ world, print }: Session) {
  const { out, err, env, signal, now } = world
  return { out: print.output === 'table' ? out : err, env, signal, now }
}

export interface Runner {
  /** Makes `handle` the action of a command. */
  run<Options extends object = object>(handle: Handler<Options>): (this: Command) => Promise<void>
  readonly exitCode: () => number
}

export function runnerIn(world: World): Runner {
  let exitCode = 0
  return {
    exitCode: () => exitCode,
    run<Options extends object>(handle: Handler<Options>) {
      return async function (this: Command) {
        const session = sessionOf(this, world, (code) => {
          exitCode = code
        })
        // Several of one kind (worker=5 manager=3) come as a list.
        const args = this.processedArgs.flat().map((arg: unknown) => (typeof arg === 'string' ? arg : undefined))
        await handle(session, { args, options: this.opts<Options & OptionValues>(), command: this })
      }
    },
  }
}

function sessionOf(command: Command, world: World, exit: Session['exit']): Session {
  const settings = settingsOf(command, world.env)
  const api = apiOf({ url: settings.url, token: settings.token, signal: world.signal })
  return { world, settings, api, names: namesOf(api, settings), print: printerOf(world, settings.output), exit }
}
