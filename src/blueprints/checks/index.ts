import type { BlueprintDocument } from '../document.ts'
import type { BlueprintFiles } from '../files.ts'
import type { Mistake } from '../mistake.ts'
import type { Source } from '../source.ts'
import { checkCombinations } from './combinations.ts'
import { checkCycles } from './cycles.ts'
import { deskFor } from './desk.ts'
import { checkInputs } from './inputs.ts'
import { checkNames } from './names.ts'
import { checkParameters } from './parameters.ts'
import { checkScripts } from './scripts.ts'
import { checkSteps } from './steps.ts'

/** All mistakes of a document that has the right shape, in the order of the file. */
export function checkDocument(document: BlueprintDocument, files: BlueprintFiles, source: Source): Mistake[] {
  const desk = deskFor(document, files, source)
  checkNames(desk)
  checkParameters(desk)
  checkSteps(desk)
  checkInputs(desk)
  checkScripts(desk)
  // What follows references from step to step needs them to lead somewhere.
  if (desk.mistakes.length === 0) checkCycles(desk)
  if (desk.mistakes.length === 0) checkCombinations(desk)
  return desk.mistakes.sort((a, b) => Number(a.file > b.file) || a.line - b.line || a.column - b.column)
}
