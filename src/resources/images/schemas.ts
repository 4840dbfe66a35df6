import { id, Name, z } from '../../http/schema.ts'

export const Image = z
  .object({
    name: Name,
    providers: z
      .array(z.object({ provider: id('provider'), providerName: Name, ref: z.string(), user: z.string() }))
      .openapi({ description: 'Where it can be had.' }),
  })
  .openapi('Image')
export type Image = z.infer<typeof Image>

export const ImageList = z.object({ items: z.array(Image) }).openapi('ImageList')
