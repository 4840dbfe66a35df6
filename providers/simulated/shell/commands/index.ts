import { docker } from '../docker/docker.ts'
import type { Commands } from '../inside.ts'
import { fileCommands } from './files.ts'
import { identityCommands } from './identity.ts'
import { networkCommands } from './network.ts'
import { packageCommands } from './packages.ts'
import { pipeCommands } from './pipes.ts'
import { processCommands } from './processes.ts'
import { serviceCommands } from './services.ts'

/** Every command of a simulated machine that the interpreter does not bring along. */
export const commandsTable: Commands = {
  ...processCommands,
  ...pipeCommands,
  ...identityCommands,
  ...fileCommands,
  ...packageCommands,
  ...serviceCommands,
  ...networkCommands,
  docker,
}
