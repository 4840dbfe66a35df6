import { didYouMean } from '../suggest.ts'
import type { Desk } from './desk.ts'

// Scripts that do not exist, that nothing runs, or that a machine could not read.

const maxBytes = 256 * 1024

export function checkScripts(desk: Desk): void {
  const present = Object.keys(desk.files).filter((path) => path.startsWith('scripts/'))
  const named = new Set<string>()
  for (const { path, spec } of desk.scripts) {
    named.add(spec.run)
    if (!present.includes(spec.run)) {
      desk.report([...path, 'run'], `There is no file ${spec.run}.`, didYouMean(spec.run, present))
    }
  }
  for (const path of present) {
    if (!named.has(path)) desk.reportFile(path, 1, 'Nothing runs this script.', 'Name it in run, or remove it.')
    else checkText(desk, path, desk.files[path] ?? '')
  }
}

function checkText(desk: Desk, path: string, text: string): void {
  if (text.trim() === '') desk.reportFile(path, 1, 'The script is empty.')
  if (Buffer.byteLength(text) > maxBytes) desk.reportFile(path, 1, `The script is larger than ${maxBytes} bytes.`)
  if (text.includes('\0')) desk.reportFile(path, 1, 'The script holds a NUL character.')
  const line = text.split('\n').findIndex((candidate) => candidate.endsWith('\r'))
  if (line >= 0)
    desk.reportFile(path, line + 1, 'The line ends in CR LF, which bash does not read.', 'Save it with LF alone.')
}
