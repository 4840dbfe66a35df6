import type { CommandNode, PipelineNode, ScriptNode, SimpleCommandNode, StatementNode, WordNode } from 'just-bash'
import { serialize } from 'just-bash'

// What the interpreter lacks is put into words it knows, on the parsed script:
//  - `job &`            -> `__spawn 'job'`: it would run in the foreground
//  - `$!`, `wait`       -> `$__job`, `__wait`
//  - `bash x >log 2>&1` -> `(exec >log 2>&1; bash x)`: it would write the log only when x has ended
//  - `exec program`     -> `{ __become program; exit $?; }`: the pid stays

/** Programs that run another program or shell text, whose output is wanted while they run. */
const runners = new Set([
  'bash',
  'sh',
  'setsid',
  'nohup',
  'timeout',
  'sudo',
  'env',
  'flock',
  'nice',
  'ionice',
  'stdbuf',
])

/** The plugin form of `rewrite` that the interpreter takes. */
export const dialect = {
  name: 'gantry-dialect',
  transform({ ast }: { ast: ScriptNode }): { ast: ScriptNode } {
    rewrite(ast)
    return { ast }
  },
}

function rewrite(script: ScriptNode): void {
  const functions: CommandNode[] = []
  walk(script, (node) => {
    if (isFunction(node)) functions.push(node)
  })
  const library = textOf(functions.map((node) => statement(node)))
  walk(script, (node) => {
    if (isParameter(node) && node.parameter === '!') node.parameter = '__job'
    if (isPipeline(node)) node.commands = node.commands.map(rewriteCommand)
    if (isStatement(node) && node.background) rewriteJob(node, library)
  })
}

function rewriteJob(node: StatementNode, library: string): void {
  const job = textOf([{ ...node, background: false }])
  node.pipelines = [pipeline(simple('__spawn', [job, library]))]
  node.operators = []
  node.background = false
}

function rewriteCommand(node: CommandNode): CommandNode {
  if (node.type !== 'SimpleCommand') return node
  const name = literalOf(node.name)
  if (name === 'wait') return { ...node, name: word('__wait') }
  if (name === 'exec' && node.args.length > 0 && !startsWithDash(node.args[0])) return become(node)
  if (name === null || !runners.has(name.slice(name.lastIndexOf('/') + 1))) return node
  return streamed(node)
}

function become(node: SimpleCommandNode): CommandNode {
  const program = streamed({ ...node, name: word('__become') })
  const leave = simple('exit', [])
  leave.args = [{ type: 'Word', parts: [{ type: 'ParameterExpansion', parameter: '?', operation: null }] }]
  return { type: 'Group', body: [statement(program), statement(leave)], redirections: [] }
}

function streamed(node: SimpleCommandNode): CommandNode {
  const isOutput = (operator: string): boolean => operator.includes('>') && operator !== '<>'
  const outputs = node.redirections.filter((redirection) => isOutput(redirection.operator))
  if (outputs.length === 0) return node
  const inputs = node.redirections.filter((redirection) => !isOutput(redirection.operator))
  const open: SimpleCommandNode = { ...simple('exec', []), redirections: outputs }
  return { type: 'Subshell', body: [statement(open), statement({ ...node, redirections: inputs })], redirections: [] }
}

function walk(node: unknown, visit: (node: object) => void): void {
  if (typeof node !== 'object' || node === null) return
  for (const child of Object.values(node)) walk(child, visit)
  visit(node)
}

function textOf(statements: StatementNode[]): string {
  return serialize({ type: 'Script', statements })
}

function statement(command: CommandNode): StatementNode {
  return { type: 'Statement', pipelines: [pipeline(command)], operators: [], background: false }
}

function pipeline(command: CommandNode): PipelineNode {
  return { type: 'Pipeline', commands: [command], negated: false }
}

function simple(name: string, args: readonly string[]): SimpleCommandNode {
  return {
    type: 'SimpleCommand',
    name: word(name),
    args: args.map((value) => ({ type: 'Word', parts: [{ type: 'SingleQuoted', value }] })),
    assignments: [],
    redirections: [],
  }
}

function word(value: string): WordNode {
  return { type: 'Word', parts: [{ type: 'Literal', value }] }
}

function literalOf(node: WordNode | null): string | null {
  const part = node?.parts[0]
  return node?.parts.length === 1 && part?.type === 'Literal' ? part.value : null
}

function startsWithDash(node: WordNode | undefined): boolean {
  return literalOf(node ?? null)?.startsWith('-') ?? false
}

function isStatement(node: object): node is StatementNode {
  return 'type' in node && node.type === 'Statement'
}

function isPipeline(node: object): node is PipelineNode {
  return 'type' in node && node.type === 'Pipeline'
}

function isFunction(node: object): node is Extract<CommandNode, { type: 'FunctionDef' }> {
  return 'type' in node && node.type === 'FunctionDef'
}

function isParameter(node: object): node is { parameter: string } {
  return 'type' in node && node.type === 'ParameterExpansion'
}
