import { getCommandNames } from 'just-bash'
import { commandsTable } from '../../providers/simulated/shell/commands/index.ts'
import { noOutput } from '../../providers/simulated/shell/inside.ts'
import { createMachine } from '../../providers/simulated/shell/machine.ts'
import { realSeams } from '../../src/kernel/real-seams.ts'
import { loneFacts, loneSurroundings } from './lone-machine.ts'

const heavy = new Set(['python', 'python3', 'sqlite3', 'js-exec', 'node', 'yq', 'xan', 'html-to-markdown', 'sleep'])

/** Runs every command of the interpreter once, so that none has to be loaded later. */
export async function warmShell(): Promise<void> {
  const seams = realSeams()
  const machine = createMachine(loneFacts, seams, commandsTable, loneSurroundings(seams))
  const names = getCommandNames().filter((name) => !heavy.has(name) && commandsTable[name] === undefined)
  const script = names.map((name) => `${name} --help </dev/null >/dev/null 2>&1`).join('\n')
  await machine.spawn({
    run: { kind: 'script', script },
    env: { PATH: '/usr/bin' },
    cwd: '/tmp',
    user: machine.root,
    stdin: '',
    prelude: '',
    output: noOutput,
    parent: null,
    tiedTo: null,
  }).done
}
