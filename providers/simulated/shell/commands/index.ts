import type { Commands } from '../command.ts'
import { fileCommands } from './files.ts'
import { identityCommands } from './identity.ts'
import { processCommands } from './processes.ts'

/** Every command of a simulated machine that the interpreter does not bring along. */
export const commandsTable: Commands = {
  ...processCommands,
  ...identityCommands,
  ...fileCommands,
}
