import type { BlueprintDocument } from '../document.ts'
import type { BlueprintFiles } from '../files.ts'
import type { Mistake } from '../mistake.ts'
import type { Source } from '../source.ts'
import { checkCombinations } from './combinations.ts'
import { checkCycles } from './cycles.ts'
import { type Desk, deskFor } from './desk.ts'
import { checkInputs } from './inputs.ts'
import { checkNames } from './names.ts'
import { checkOperationForm, type OperationDesk, operationDesks } from './operations.ts'
import { checkParameters } from './parameters.ts'
import { checkNamedScripts, checkScriptFiles } from './scripts.ts'
import { checkSteps } from './steps.ts'

/** All mistakes of a document that has the right shape, in the order of the file. */
export function checkDocument(document: BlueprintDocument, files: BlueprintFiles, source: Source): Mistake[] {
  const desk = deskFor(document, files, source)
  const operations = operationDesks(document, files, source)
  // A parameter may be there for an operation alone.
  const used = new Set(operations.flatMap((operation) => [...checkOne(operation)]))
  checkNames(desk)
  checkParameters(desk, used)
  checkSteps(desk)
  checkInputs(desk)
  checkNamedScripts(desk)
  checkScriptFiles(desk)
  followReferences(desk, true)
  const sound = desk.mistakes.length === 0
  for (const operation of operations) followReferences(operation.desk, sound)
  return [desk, ...operations.map((operation) => operation.desk)]
    .flatMap((each) => each.mistakes)
    .sort((a, b) => Number(a.file > b.file) || a.line - b.line || a.column - b.column)
}

/** Answers the parameters that the operation uses. */
function checkOne(operation: OperationDesk): ReadonlySet<string> {
  const { desk } = operation
  checkOperationForm(operation)
  checkNames(desk)
  const used = checkParameters(desk, new Set())
  checkSteps(desk)
  checkInputs(desk)
  checkNamedScripts(desk)
  return operation.names(used)
}

/** What follows references from step to step needs them to lead somewhere. */
function followReferences(desk: Desk, sound: boolean): void {
  if (sound && desk.mistakes.length === 0) checkCycles(desk)
  if (sound && desk.mistakes.length === 0) checkCombinations(desk)
}
