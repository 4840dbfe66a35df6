import { ok } from '../../http/reply.ts'
import { Name, z } from '../../http/schema.ts'
import { endpoint, installation } from '../endpoint.ts'
import { missing } from '../missing.ts'
import { Image, ImageList } from './schemas.ts'
import { listImages } from './store.ts'

export const imageEndpoints = [
  endpoint({
    method: 'get',
    path: '/v1/images',
    operationId: 'listImages',
    summary: 'List images and where they can be had',
    description: 'An image is a name that providers map to a reference of their own: see the images of a provider.',
    tag: 'images',
    permission: 'catalogue.read',
    about: installation,
    answers: { 200: { description: 'All images.', schema: ImageList } },
    problems: [],
    handle: async ({ store }, { scope }) => ok({ items: await listImages(store.read, scope) }),
  }),
  endpoint({
    method: 'get',
    path: '/v1/images/{image}',
    operationId: 'getImage',
    summary: 'Show an image',
    tag: 'images',
    permission: 'catalogue.read',
    about: installation,
    params: z.object({ image: Name }),
    answers: { 200: { description: 'The image.', schema: Image } },
    problems: [],
    async handle({ store }, { scope, params: { image } }) {
      const images = await listImages(store.read, scope)
      return ok(images.find((candidate) => candidate.name === image) ?? missing('image', image))
    },
  }),
]
