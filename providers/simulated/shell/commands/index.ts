import { fail } from '../command.ts'
import { docker } from '../docker/docker.ts'
import type { Commands } from '../inside.ts'
import { fileCommands } from './files.ts'
import { identityCommands } from './identity.ts'
import { curl, networkCommands } from './network.ts'
import { packageCommands } from './packages.ts'
import { pipeCommands } from './pipes.ts'
import { processCommands } from './processes.ts'
import { dockerd, serviceCommands } from './services.ts'

/** Programs that are there only when their package is: see disk.ts. */
const programs: Commands = { docker, dockerd, curl }

/** Every command of a simulated machine that the interpreter does not bring along. */
export const commandsTable: Commands = {
  ...processCommands,
  ...pipeCommands,
  ...identityCommands,
  ...fileCommands,
  ...packageCommands,
  ...serviceCommands,
  ...networkCommands,
  __program: (invocation) => {
    const [name = '', ...args] = invocation.args
    const program = programs[name]
    return program === undefined ? fail(127, `${name}: not found`) : program({ ...invocation, args })
  },
}
