// Which steps are due. Built once per plan in linear time; afterwards a finished step touches only those
// that need it, so the work of a change follows the change and not the size of the platform.

import type { Need, PlanStep, ScriptStep } from '../blueprints/plan-types.ts'

interface NeedNode {
  readonly required: number
  clean: number
  readonly waiters: StepNode[]
}

interface StepNode {
  readonly step: PlanStep
  clean: boolean
  unmet: number
  readonly feeds: NeedNode[]
}

export interface Schedule {
  /** Keys of steps that are not clean and whose needs are met. */
  open(): Iterable<PlanStep>
  /** Keys of steps that are not clean, met or not. */
  unclean(): Iterable<PlanStep>
  /** Steps a given step waits for, for explain. */
  waitsFor(key: string): readonly string[]
  isClean(key: string): boolean
  step(key: string): PlanStep | undefined
  /** Tells that a step became clean (or is not any more). */
  set(key: string, clean: boolean): void
  /** How many steps of the member are not clean. */
  remaining(member: string): number
  /** Scripts planned to run on the member's machine, in the order of the plan. */
  scriptsOn(member: string): readonly ScriptStep[]
  /** Whether the step's needs are met, or would be if these were clean too. */
  isOpenAfter(key: string, alsoClean: ReadonlySet<string>): boolean
}

/** `clean` is asked once per step; fresh steps are never open: they run inside the steps that use them. */
export function buildSchedule(steps: readonly PlanStep[], clean: (step: PlanStep) => boolean): Schedule {
  const nodes = new Map<string, StepNode>()
  const needNodes = new Map<Need, NeedNode>()
  const remaining = new Map<string, number>()
  const scripts = new Map<string, ScriptStep[]>()
  const open = new Set<StepNode>()
  const dirty = new Set<StepNode>()
  for (const step of steps) {
    if (step.mode === 'fresh') continue
    nodes.set(step.key, { step, clean: false, unmet: 0, feeds: [] })
    if (step.kind !== 'script' || step.on.kind !== 'member') continue
    const there = scripts.get(step.on.member)
    if (there) there.push(step)
    else scripts.set(step.on.member, [step])
  }
  for (const node of nodes.values()) {
    for (const need of node.step.needs) {
      const needNode = needNodes.get(need) ?? wire(need)
      needNode.waiters.push(node)
      if (needNode.clean < needNode.required) node.unmet += 1
    }
    dirty.add(node)
    if (node.unmet === 0) open.add(node)
    if (node.step.member !== null) remaining.set(node.step.member, (remaining.get(node.step.member) ?? 0) + 1)
  }
  for (const node of nodes.values()) if (clean(node.step)) mark(node, true)

  function wire(need: Need): NeedNode {
    const sources = need.steps.flatMap((key) => nodes.get(key) ?? [])
    const required = requiredOf(need.quantifier, sources.length)
    const needNode: NeedNode = { required, clean: 0, waiters: [] }
    for (const source of sources) source.feeds.push(needNode)
    needNodes.set(need, needNode)
    return needNode
  }

  function mark(node: StepNode, isClean: boolean): void {
    if (node.clean === isClean) return
    node.clean = isClean
    const delta = isClean ? 1 : -1
    const member = node.step.member
    if (member !== null) remaining.set(member, (remaining.get(member) ?? 0) - delta)
    if (isClean) dirty.delete(node)
    else dirty.add(node)
    refresh(node)
    for (const need of node.feeds) {
      const met = need.clean >= need.required
      need.clean += delta
      if (met === need.clean >= need.required) continue
      for (const waiter of need.waiters) {
        waiter.unmet -= delta
        refresh(waiter)
      }
    }
  }

  function refresh(node: StepNode): void {
    if (!node.clean && node.unmet === 0) open.add(node)
    else open.delete(node)
  }

  return {
    *open() {
      for (const node of [...open]) yield node.step
    },
    *unclean() {
      for (const node of dirty) yield node.step
    },
    waitsFor(key) {
      const node = nodes.get(key)
      return node
        ? node.step.needs.flatMap((need) => need.steps.filter((source) => nodes.get(source)?.clean === false))
        : []
    },
    isClean: (key) => nodes.get(key)?.clean ?? false,
    step: (key) => nodes.get(key)?.step,
    set(key, isClean) {
      const node = nodes.get(key)
      if (node) mark(node, isClean)
    },
    remaining: (member) => remaining.get(member) ?? 0,
    scriptsOn: (member) => scripts.get(member) ?? [],
    isOpenAfter(key, alsoClean) {
      const needs = nodes.get(key)?.step.needs ?? []
      return needs.every((need) => {
        const node = needNodes.get(need)
        if (!node || node.clean >= node.required) return true
        const more = [...alsoClean].filter((other) => {
          const source = nodes.get(other)
          return source?.clean === false && source.feeds.includes(node)
        })
        return node.clean + more.length >= node.required
      })
    },
  }
}

/** A need for steps that are not in the plan is met: there is nothing to wait for. */
function requiredOf(quantifier: Need['quantifier'], sources: number): number {
  switch (quantifier) {
    case 'all':
      return sources
    case 'any':
      return Math.min(1, sources)
    case 'quorum':
      return sources === 0 ? 0 : Math.floor(sources / 2) + 1
    default:
      return quantifier satisfies never
  }
}
