// What checks found, found again: while a trouble lasted that a check had told, that check fails.

import { type Blueprint, machineChecks, stepVerifies } from '../blueprints/index.ts'
import { type Checked, RemoteFault } from '../bootstrap/remote.ts'
import type { JournalTrouble } from '../kernel/journal.ts'

export interface ReplayChecks {
  /** From now on, or no more. */
  lasts(trouble: JournalTrouble, lasting: boolean): void
  /** What a member answers to a check; throws RemoteFault for one that hangs. */
  answer(member: string, script: string): Checked
}

const well: Checked = { exitCode: 0, said: '' }

/** `named`: the blueprints by whose checks the platform is judged. */
export function replayChecks(blueprints: readonly Blueprint[]): ReplayChecks {
  const lasting = new Set<JournalTrouble>()
  const known = blueprints.map(scriptsOf)

  /** Whose check the script is: checks are sent as they are, behind what they are told. */
  function isCheck(script: string, whose: (scripts: Scripts) => readonly string[]): boolean {
    return known.some((scripts) => whose(scripts).some((text) => script.endsWith(text)))
  }

  return {
    lasts(trouble, on) {
      if (on) lasting.add(trouble)
      else lasting.delete(trouble)
    },
    answer(member, script) {
      for (const { code, subject, detail } of lasting) {
        if (code === 'machine_hung' && subject === member) throw new RemoteFault('unreachable', detail)
        if (code === 'member_unhealthy' && subject === member && isCheck(script, ({ machines }) => machines))
          return { exitCode: 1, said: detail }
        if (code === 'platform_unhealthy' && isCheck(script, ({ platform }) => platform)) {
          return { exitCode: 1, said: [...namedIn(lasting), detail].join('\n') }
        }
        if (code === 'step_drifted' && subject.startsWith(`script/${member}/`)) {
          const step = subject.slice(`script/${member}/`.length)
          if (isCheck(script, ({ verifies }) => verifies[step] ?? [])) return { exitCode: 1, said: detail }
        }
      }
      return well
    },
  }
}

/** Members that the platform's check had named. */
function namedIn(lasting: ReadonlySet<JournalTrouble>): string[] {
  return [...lasting]
    .filter(({ code, detail }) => code === 'member_unhealthy' && detail.includes('named by the check of its platform'))
    .map(({ subject }) => `unhealthy=${subject}`)
}

interface Scripts {
  readonly machines: readonly string[]
  readonly platform: readonly string[]
  /** By step. */
  readonly verifies: Readonly<Record<string, readonly string[]>>
}

function scriptsOf(blueprint: Blueprint): Scripts {
  const platform = blueprint.document.health?.platform?.run
  const text = platform === undefined ? undefined : blueprint.scripts[platform]?.text
  return {
    machines: [...machineChecks(blueprint).values()].map(({ script }) => script),
    platform: text === undefined ? [] : [text],
    verifies: Object.fromEntries(stepVerifies(blueprint).map(({ step, script }) => [step, [script]])),
  }
}
