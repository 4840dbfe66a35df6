// Who is there, by those who cannot be mistaken about it: `docker node ls` for members, Incus' own client for machines.

import { expect } from 'vitest'
import { z } from 'zod'
import type { Api } from '../../src/cli/client/api.ts'
import type { Lab } from '../lab/incus/lab.ts'
import { eventually, type Login } from './support.ts'
import { allNodes, logins, managerNodes, readyNodes } from './swarm.ts'

/** Of an instance that is just being made or removed Incus may say null where its configuration would be. */
export const instanceConfigSchema = z
  .record(z.string(), z.string())
  .nullable()
  .transform((config) => config ?? {})
const instancesSchema = z.array(z.object({ name: z.string(), status: z.string(), config: instanceConfigSchema }))

export interface Container {
  readonly name: string
  /** Incus' word: Running, Stopped, ... */
  readonly status: string
}

export interface Judge {
  /** Machines that are ready by Gantry's word. */
  ready(): ReturnType<Api['machines']>
  /** The platform's containers by Incus' word, by name. */
  containers(): Promise<Container[]>
  names(): Promise<string[]>
  /** A manager that is ready, other than the members named. */
  aManager(...except: readonly string[]): Promise<Login>
  /** Waits until the swarm has exactly the machines that Gantry has, all Ready, and Incus exactly their containers. */
  isWhole(managers: number, workers: number): Promise<void>
}

export function judgeOf(lab: Lab, api: () => Api, platform: string): Judge {
  const judge: Judge = {
    ready: () => api().machines({ platform, state: 'ready' }),
    async containers() {
      const all = instancesSchema.parse(JSON.parse(await lab.incus('list', '--all-projects', '--format', 'json')))
      return all
        .filter(({ config }) => config['user.gantry.key']?.split('/').includes(platform))
        .map(({ name, status }) => ({ name, status }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    names: async () => (await judge.containers()).map(({ name }) => name),
    async aManager(...except) {
      const all = await logins(api(), platform)
      const found = [...all].find(([member]) => member.startsWith('manager-') && !except.includes(member))
      if (!found) throw new Error('no manager is ready')
      return found[1]
    },
    async isWhole(managers, workers) {
      const machines = await judge.ready()
      const names = machines.map(({ name }) => name.replace('@1', '').replace('@', '-')).sort()
      expect(names).toHaveLength(managers + workers)
      const manager = await judge.aManager()
      await eventually(
        30_000,
        () => readyNodes(manager),
        (nodes) => JSON.stringify(nodes) === JSON.stringify(names),
      )
      expect(await allNodes(manager)).toEqual(names)
      expect(await managerNodes(manager)).toEqual(names.filter((name) => name.startsWith('manager-')))
      expect(await judge.names()).toEqual(machines.map(({ nativeRef }) => nativeRef).sort())
    },
  }
  return judge
}
