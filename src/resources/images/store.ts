import type { Scope } from '../../access/index.ts'
import type { Db } from '../../store/index.ts'
import { imagesOf } from '../providers/index.ts'
import type { Image } from './schemas.ts'

/** Every image that a living provider maps, by name. */
export async function listImages(db: Db, _scope: Scope): Promise<Image[]> {
  const rows = await db
    .selectFrom('providers')
    .select(['id', 'name', 'images'])
    .where('deleted_at', 'is', null)
    .orderBy('name')
    .execute()
  const images = new Map<string, Image>()
  for (const row of rows) {
    for (const [name, mapping] of Object.entries(imagesOf(row))) {
      const image = images.get(name) ?? { name, providers: [] }
      image.providers.push({ provider: row.id, providerName: row.name, ...mapping })
      images.set(name, image)
    }
  }
  return [...images.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}
