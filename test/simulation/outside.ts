// What happens to a history from outside: its actions, done to tenants, cloud, machines and processes.

import type { Action } from './action.ts'
import { filesOf } from './blueprints.ts'
import type { Person } from './person.ts'
import type { Processes } from './processes.ts'
import { isSetup } from './remote.ts'
import type { Tenants } from './tenants.ts'
import type { Terms } from './terms.ts'
import { isDone, type Vm } from './vm.ts'
import { standing } from './watch.ts'
import { fairWeather } from './weather.ts'
import type { World } from './world.ts'

type Of<K extends Action['kind']> = Extract<Action, { kind: K }>

export interface Outside {
  act(action: Action): void
  /** Nothing goes wrong any more, and what stood still is started. */
  heal(): void
}

export function openOutside(
  world: World,
  processes: Processes,
  { tenants, terms, person }: { readonly tenants: Tenants; readonly terms: Terms; readonly person: Person },
): Outside {
  const { cloud, counters, clock, later, sleep } = world
  const { weather } = cloud
  const there = () => standing(cloud, clock.now())

  /** Those who stand still because of a fault, and not because somebody asked for it. */
  const failed = new Set<Vm>()

  function restart(vm: Vm): void {
    if (failed.delete(vm) && vm.power === 'off') cloud.reboot(vm)
  }

  function hosts({ hosts: names, ms, vanish }: Of<'hosts'>): void {
    counters.hit(names.length > 1 ? 'fault:zoneDeath' : 'fault:hostDeath')
    for (const host of names) weather.hostsDown.add(host)
    if (vanish) for (const vm of there()) if (names.includes(vm.host)) cloud.vanish(vm)
    later(sleep(ms).then(() => revive(names)))
  }

  function blackout({ tenant, platform }: Of<'blackout'>): void {
    const owned = tenants.find(tenant, platform)
    const its = owned ? there().filter((vm) => vm.key.includes(owned.id)) : []
    if (its.length > 0) counters.hit('fault:blackout')
    for (const vm of its) vm.power = 'off'
  }

  function revive(names: readonly string[]): void {
    for (const host of names) {
      if (!weather.hostsDown.delete(host)) continue
      for (const vm of there()) if (vm.host === host) cloud.reboot(vm)
    }
  }

  function machine({ pick, how, ms }: Of<'machine'>): void {
    const all = there()
    const vm = all[pick % Math.max(1, all.length)]
    if (!vm) return
    const until = clock.now() + ms
    switch (how) {
      case 'vanish':
        counters.hit('fault:vanish')
        cloud.vanish(vm)
        break
      case 'off':
        counters.hit('fault:powerOff')
        vm.power = 'off'
        failed.add(vm)
        later(sleep(ms).then(() => restart(vm)))
        break
      case 'reboot':
        counters.hit('fault:reboot')
        cloud.reboot(vm)
        break
      case 'cut':
        vm.cutUntil = until
        break
      case 'undo':
        if (![...vm.folders.values()].some(({ stepKey, status }) => isSetup(stepKey) && isDone(status))) break
        counters.hit('fault:undone')
        vm.undone = true
        break
      case 'ill':
        counters.hit('fault:ill')
        vm.ill = true
        later(sleep(ms).then(() => Object.assign(vm, { ill: false })))
        break
      case 'reshape':
        counters.hit('fault:reshaped')
        vm.reshaped = true
        later(sleep(ms).then(() => Object.assign(vm, { reshaped: false })))
        break
      case 'hide':
        // Once only: absences that follow each other closely would be longer than the provider declares.
        if (vm.hiddenUntil > 0) break
        if (cloud.options.lookup === 'consistent') vm.hiddenInListUntil = until
        else vm.hiddenUntil = Math.min(until, clock.now() + Math.floor(cloud.options.settleMs * 0.6))
        break
    }
  }

  function kill({ process, boundary, downMs }: Of<'kill'>): void {
    const victim = processes.at(process)
    if (!victim?.alive) return
    processes.staysDown(process, downMs)
    if (boundary !== null) return void victim.killAt(boundary)
    counters.hit('fault:kill')
    victim.kill()
  }

  function stop({ process, ms }: Of<'stop'>): void {
    const victim = processes.at(process)
    if (!victim?.alive || victim.stopped) return
    counters.hit('fault:pause')
    victim.stop()
    later(sleep(ms).then(victim.wake))
  }

  function spoil({ process, how, times, ms }: Of<'disk'>): void {
    const victim = processes.at(process)
    if (!victim?.alive) return
    const { disk } = victim
    if (how === 'fail') disk.failNext = times
    if (how === 'unknown') disk.unknownNext = times
    if (how !== 'full') return
    disk.full = true
    later(
      sleep(ms).then(() => {
        disk.full = false
      }),
    )
  }

  function act(action: Action): void {
    world.journal.note(`> ${action.kind} ${JSON.stringify(action)}`)
    switch (action.kind) {
      case 'create':
        later(terms.create(action.tenant, action.platform, action.blueprint, action.parameters, action.terms))
        break
      case 'change':
        later(tenants.patch(action.tenant, action.platform, { parameters: action.parameters }))
        break
      case 'upgrade':
        later(tenants.patch(action.tenant, action.platform, { version: action.version }))
        break
      case 'lease':
      case 'schedule':
      case 'window':
      case 'follow':
      case 'protect':
        later(terms.set(action.tenant, action.platform, action))
        break
      case 'publish':
        later(terms.publish(filesOf(action.blueprint)))
        break
      case 'resolve':
        later(person.resolve(action.tenant, action.platform, action.pick))
        break
      case 'forget':
        later(person.forget(action.tenant, action.platform))
        break
      case 'maintain':
        later(tenants.maintain(action.host, action.ms, action.deadlineMs))
        break
      case 'rollback':
      case 'renew':
      case 'pause':
      case 'hibernate':
      case 'wake':
      case 'delete':
      case 'cancel':
      case 'resume':
      case 'retry':
        later(tenants.change(action.tenant, action.platform, action.kind))
        break
      case 'operation':
        later(tenants.operation(action.tenant, action.platform, action.operation))
        break
      case 'read':
        later(tenants.read(action.tenant))
        break
      case 'count':
        weather[action.count] += action.times
        break
      case 'spell':
        weather[action.spell] = clock.now() + action.ms
        break
      case 'hosts':
        hosts(action)
        break
      case 'machine':
        machine(action)
        break
      case 'blackout':
        blackout(action)
        break
      case 'kill':
        kill(action)
        break
      case 'stop':
        stop(action)
        break
      case 'disk':
        spoil(action)
        break
    }
  }

  return {
    act,
    heal() {
      revive([...weather.hostsDown])
      const { hostsDown: _, ...fair } = fairWeather()
      Object.assign(weather, fair)
      for (const vm of there()) {
        vm.cutUntil = 0
        vm.ill = false
        vm.reshaped = false
        restart(vm)
      }
      processes.heal()
    },
  }
}
