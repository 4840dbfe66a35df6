import type { CommandNode, PipelineNode, SimpleCommandNode, StatementNode } from 'just-bash'
import type { Output } from './inside.ts'

// The output of a process that writes to a file is sent there command by command: the interpreter hands it over
// only at the end, and its own `exec >file` swallows what $(...) and pipes should get. Only what flows to the
// script's own output is touched: no function body (it may be called in a $(...)), no pipe's beginning.

type Redirection = SimpleCommandNode['redirections'][number]

/** Builtins that say nothing, or change the shell they run in. */
const silent = new Set(
  'exit return break continue set shift export local declare readonly unset cd read trap wait true false : test [ umask __spawn __dialect'.split(
    ' ',
  ),
)

export function attach(statements: readonly StatementNode[], output: Output): void {
  const { out, err } = output
  if (out === null && err === null) return
  const both = [...(out === null ? [] : [append(1, out)]), ...(err === null ? [] : [append(2, err)])]
  flow(statements, both)
}

function flow(statements: readonly StatementNode[], redirections: readonly Redirection[]): void {
  for (const statement of statements) {
    if (statement.background) continue
    for (const pipeline of statement.pipelines) flowPipeline(pipeline, redirections)
  }
}

function flowPipeline(pipeline: PipelineNode, redirections: readonly Redirection[]): void {
  const errors = redirections.filter(({ fd }) => fd === 2)
  for (const command of pipeline.commands.slice(0, -1)) command.redirections = [...errors, ...command.redirections]
  const last = pipeline.commands.at(-1)
  if (last !== undefined) flowCommand(last, redirections)
}

function flowCommand(command: CommandNode, redirections: readonly Redirection[]): void {
  switch (command.type) {
    case 'SimpleCommand':
      if (speaks(command)) command.redirections = [...redirections, ...command.redirections]
      return
    case 'FunctionDef':
      // A function that gives its process away will not come back to a $(...).
      flowExec(command.body, redirections)
      return
    case 'ArithmeticCommand':
    case 'ConditionalCommand':
      return
    default:
      break
  }
  if (command.redirections.some(({ operator }) => operator.includes('>'))) {
    command.redirections = [...redirections, ...command.redirections]
    return
  }
  for (const body of bodiesOf(command)) flow(body, redirections)
}

function flowExec(command: CommandNode, redirections: readonly Redirection[]): void {
  if (command.type === 'SimpleCommand') {
    if (givesAway(command)) flowCommand(command, redirections)
    return
  }
  for (const body of bodiesOf(command))
    for (const statement of body)
      for (const pipeline of statement.pipelines)
        if (pipeline.commands.length === 1) for (const inner of pipeline.commands) flowExec(inner, redirections)
}

function bodiesOf(command: CommandNode): readonly (readonly StatementNode[])[] {
  switch (command.type) {
    case 'If':
      return [...command.clauses.flatMap((clause) => [clause.condition, clause.body]), command.elseBody ?? []]
    case 'While':
    case 'Until':
      return [command.condition, command.body]
    case 'For':
    case 'CStyleFor':
    case 'Subshell':
    case 'Group':
      return [command.body]
    case 'Case':
      return command.items.map((item) => item.body)
    case 'FunctionDef':
      return bodiesOf(command.body)
    default:
      return []
  }
}

function speaks(command: SimpleCommandNode): boolean {
  const name = nameOf(command)
  if (name === 'exec') return command.args.length > 0
  return command.name !== null && (name === null || !silent.has(name))
}

function givesAway(command: SimpleCommandNode): boolean {
  const name = nameOf(command)
  return name === '__become' || (name === 'exec' && command.args.length > 0)
}

function nameOf(command: SimpleCommandNode): string | null {
  const part = command.name?.parts[0]
  return command.name?.parts.length === 1 && part?.type === 'Literal' ? part.value : null
}

function append(fd: number, path: string): Redirection {
  const target: Redirection['target'] = { type: 'Word', parts: [{ type: 'SingleQuoted', value: path }] }
  return { type: 'Redirection', fd, operator: '>>', target }
}
