import type { BlueprintFiles } from '../blueprint.ts'
import type { BlueprintDocument } from '../document.ts'
import type { Mistake } from '../mistake.ts'
import type { Source } from '../source.ts'

export function checkDocument(_document: BlueprintDocument, _files: BlueprintFiles, _source: Source): Mistake[] {
  return []
}
