import { realSeams } from '../../../src/kernel/real-seams.ts'
import { runDaemon } from './daemon.ts'

// The world's own process: `node main.ts <folder>`.

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('which folder?')
await runDaemon(folder, realSeams())
process.exit(0)
