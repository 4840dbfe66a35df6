import { canonicalHash, sha256 } from '../kernel/canonical.ts'
import { checkDocument } from './checks/index.ts'
import { type Blueprint, type BlueprintDocument, documentSchema } from './document.ts'
import type { BlueprintFiles } from './files.ts'
import { invalidBlueprint, type Mistake } from './mistake.ts'
import { readDocument } from './shape.ts'
import { readSource } from './source.ts'

export interface ParsedBlueprint {
  readonly blueprint: Blueprint
  /** Over document and scripts, in hex; comments, layout and README.md do not change it. */
  readonly digest: string
}

/**
 * Reads and checks a blueprint, for every combination of its `when`. Files outside blueprint.yaml and scripts/ are
 * not looked at. Throws ProblemError `invalid_blueprint` with all mistakes.
 */
export function parseBlueprint(files: BlueprintFiles): ParsedBlueprint {
  const inspected = inspectBlueprint(files)
  if (inspected.kind === 'invalid') throw invalidBlueprint(inspected.mistakes)
  return inspected
}

/** As parseBlueprint, but the mistakes are an answer, with line and column, for a person at an editor. */
export function inspectBlueprint(
  files: BlueprintFiles,
): ({ readonly kind: 'ok' } & ParsedBlueprint) | { readonly kind: 'invalid'; readonly mistakes: readonly Mistake[] } {
  const text = files['blueprint.yaml']
  if (text === undefined) {
    const message = 'blueprint.yaml is missing.'
    const hint = 'A blueprint is a folder with blueprint.yaml and scripts/ in it.'
    return { kind: 'invalid', mistakes: [{ file: 'blueprint.yaml', line: 1, column: 1, pointer: '', message, hint }] }
  }
  const source = readSource('blueprint.yaml', text)
  const { document, mistakes } = readDocument(source)
  if (document === null) return { kind: 'invalid', mistakes }
  const found = checkDocument(document, files, source)
  if (found.length > 0) return { kind: 'invalid', mistakes: found }
  return { kind: 'ok', ...assembled(document, files) }
}

/** A blueprint as it was stored after parseBlueprint: `document` and the texts of its scripts. Only the shape is checked. */
export function storedBlueprint(document: unknown, files: BlueprintFiles): Blueprint {
  return assembled(documentSchema.parse(document), files).blueprint
}

function assembled(document: BlueprintDocument, files: BlueprintFiles): ParsedBlueprint {
  const scripts: Record<string, { text: string; digest: string }> = {}
  for (const path of Object.keys(files).sort()) {
    const text = files[path]
    if (path.startsWith('scripts/') && text !== undefined) scripts[path] = { text, digest: sha256(text) }
  }
  const digests = Object.fromEntries(Object.entries(scripts).map(([path, script]) => [path, script.digest]))
  return { blueprint: { document, scripts }, digest: canonicalHash({ document, scripts: digests }) }
}
