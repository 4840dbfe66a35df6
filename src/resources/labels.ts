import { z } from 'zod'

const labelsSchema = z.record(z.string(), z.string())

/** Labels as stored: JSON text. */
export function parseLabels(text: string): Record<string, string> {
  return labelsSchema.parse(JSON.parse(text))
}
