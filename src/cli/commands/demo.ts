import type { Command } from 'commander'
import type { Runner } from '../session.ts'
import type { World } from '../world.ts'

/** The demo brings its own server: it needs no session, and is loaded only when asked for. */
export function addDemo(parent: Command, world: World, _runner: Runner): void {
  parent
    .command('demo')
    .description('see it work: a Gantry of its own, simulated machines, a Docker Swarm')
    .option('--once', 'delete the platform again, show the receipt and end')
    .action(async ({ once = false }: { once?: boolean }) => {
      const { demo } = await import('../demo/demo.ts')
      await demo({ ...world, once })
    })
}
