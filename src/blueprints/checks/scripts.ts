import { suggest } from '../suggest.ts'
import type { Desk } from './desk.ts'

// Scripts that do not exist, that nothing runs, or that a machine could not read.

const maxBytes = 256 * 1024

/** Scripts that are named and not there. */
export function checkNamedScripts(desk: Desk): void {
  const present = presentIn(desk)
  for (const { path, spec } of desk.scripts) {
    if (!present.includes(spec.run)) {
      desk.report([...path, 'run'], `There is no file ${spec.run}.`, suggest(spec.run, present))
    }
  }
}

/** The files themselves, whoever names them. */
export function checkScriptFiles(desk: Desk): void {
  const operations = Object.values(desk.document.operations ?? {})
  const named = new Set([
    ...desk.scripts.map(({ spec }) => spec.run),
    ...operations.flatMap((operation) => Object.values(operation.steps).map((step) => step.run)),
  ])
  for (const path of presentIn(desk)) {
    if (!named.has(path)) desk.reportFile(path, 1, 'Nothing runs this script.', 'Name it in run, or remove it.')
    else checkText(desk, path, desk.files[path] ?? '')
  }
}

function presentIn(desk: Desk): string[] {
  return Object.keys(desk.files).filter((path) => path.startsWith('scripts/'))
}

function checkText(desk: Desk, path: string, text: string): void {
  if (text.trim() === '') desk.reportFile(path, 1, 'The script is empty.', 'Begin it with set -euo pipefail.')
  if (Buffer.byteLength(text) > maxBytes)
    desk.reportFile(path, 1, `The script is larger than ${maxBytes} bytes.`, 'Put what is large into the image.')
  if (text.includes('\0')) desk.reportFile(path, 1, 'The script holds a NUL character.', 'A script is text.')
  const line = text.split('\n').findIndex((candidate) => candidate.endsWith('\r'))
  if (line >= 0)
    desk.reportFile(path, line + 1, 'The line ends in CR LF, which bash does not read.', 'Save it with LF alone.')
}
