// The second process of commit-group.test.ts: writes tenants into the file it is given.

import { seedTenant } from '../../test/support/store.ts'
import { realSeams } from '../kernel/real-seams.ts'
import { openStore } from './open.ts'

const [path = '', count = '0'] = process.argv.slice(2)
const seams = realSeams()
await using store = await openStore(`sqlite:${path}`, seams)
process.send?.('ready')
for (let index = 0; index < Number(count); index++) {
  await store.write((tx) => seedTenant(tx, seams, `child-${index}`))
}
process.disconnect?.()
