// What is said of a history that broke a promise: enough to see it again, and what is left of it after shrinking.

import { actionText, type Script } from './action.ts'
import type { Outcome } from './history.ts'
import type { Shrunk } from './shrink.ts'
import { invariants } from './violation.ts'

/** Journal lines shown of the shrunk history, COUNT. */
const lines = 60

export function failureText(seed: number, script: Script, outcome: Outcome, shrunk: Shrunk): string {
  const { violation } = shrunk.outcome
  if (!violation) return `seed ${seed} passes`
  return [
    `seed ${seed} breaks a promise: ${invariants[violation.invariant]}`,
    `  first    ${outcome.violation?.message}`,
    `  shrunk   ${violation.message}`,
    `  again    npm run simulate -- --seed ${seed}`,
    `  world    ${JSON.stringify(script.setting)}`,
    `  history  ${shrunk.script.actions.length} of ${script.actions.length} actions are left after ${shrunk.histories} tries:`,
    ...shrunk.script.actions.map((action) => `    ${actionText(action)}`),
    '  the last of its journal:',
    ...shrunk.outcome.tail.slice(-lines).map((line) => `    ${line}`),
  ].join('\n')
}
