import type { CommandNode, PipelineNode, ScriptNode, SimpleCommandNode, StatementNode, WordNode } from 'just-bash'
import { parse, serialize } from 'just-bash'
import { attach } from './attach.ts'
import type { Output } from './inside.ts'

// What the interpreter lacks is put into words it knows, on the parsed script:
//  - `job &`            -> `__spawn N`: it would run in the foreground
//  - `$!`, `wait`       -> `$__job`, `__wait`
//  - `bash x >log 2>&1` -> `(exec >log 2>&1; bash x)`: it would write the log only when x has ended; not with
//                          a $(...) among its words, which would lose its output to the log
//  - any command of a process that writes to a file gets `>>file` of its own, for the same two reasons
//  - `exec program`     -> `{ __become program; exit $?; }`: the pid stays
//  - `command -v x`     -> `__which FUNCTIONS x`: it would find only programs it brings along
//  - `eval text`        -> `{ __dialect text; eval "$__text"; }`: it parses on its own

/** What stands for a job's statements in the text of its process. */
export const jobBody = '__body'

export interface Dialect {
  /** For the interpreter: called with every script it has parsed. */
  readonly plugin: { readonly name: string; transform(context: { ast: ScriptNode }): { ast: ScriptNode } }
  /** Shell text rewritten as text; what cannot be parsed stays as it is, for the shell to refuse. */
  rewriteText(text: string): string
  /** The statements of job N. */
  job(number: number): readonly StatementNode[]
}

/** The dialect of one process; `body` are its own statements when it is a job of another. */
export function createDialect(body: readonly StatementNode[], output: Output): Dialect {
  const jobs: StatementNode[][] = []

  const rewrite = (script: ScriptNode): void => {
    const at = script.statements.findIndex(isBody)
    if (at >= 0) script.statements.splice(at, 1, ...structuredClone([...body]))
    attach(script.statements, output)
    const functions: CommandNode[] = []
    walk(script, (node) => {
      if (isFunction(node)) functions.push(node)
    })
    const own = new Set(functions.flatMap((node) => (node.type === 'FunctionDef' ? [node.name] : [])))
    walk(script, (node) => {
      if (isParameter(node) && node.parameter === '!') node.parameter = '__job'
      if (isPipeline(node)) node.commands = node.commands.map((command) => rewriteCommand(command, own))
      if (!isStatement(node) || !node.background) return
      const { job, redirections } = jobOf(node, own)
      jobs.push([...(needsNone(job, own) ? [] : functions.map(statement)), job])
      const spawn = simple('__spawn', [String(jobs.length - 1)])
      spawn.args.push(...redirections)
      node.pipelines = [pipeline(spawn)]
      node.operators = []
      node.background = false
    })
  }

  return {
    plugin: {
      name: 'gantry-dialect',
      transform: ({ ast }) => {
        rewrite(ast)
        return { ast }
      },
    },
    rewriteText: (text) => {
      if (!needed.test(text)) return text
      try {
        const script = parse(text)
        rewrite(script)
        return serialize(script)
      } catch {
        return text
      }
    },
    job: (number) => jobs[number] ?? [],
  }
}

/** Shell text of statements, for people: quotes inside quotes may be lost. */
export function textOf(statements: readonly StatementNode[]): string {
  return serialize({ type: 'Script', statements: [...statements] })
}

/** Programs that run another program or shell text, whose output is wanted while they run. */
const runners = new Set([
  '__become',
  'apt',
  'apt-get',
  'bash',
  'sh',
  'setsid',
  'nohup',
  'timeout',
  'sudo',
  'env',
  'flock',
  'head',
  'nice',
  'ionice',
  'stdbuf',
])

type Redirection = SimpleCommandNode['redirections'][number]

/** Text without one of these needs no rewriting. */
const needed = /&|>|\b(exec|wait|eval|command)\b/

/** A job and the words of its redirections, three each: its process opens the files itself. */
function jobOf(node: StatementNode, own: ReadonlySet<string>): { job: StatementNode; redirections: WordNode[] } {
  const [only, ...more] = node.pipelines
  const [command, ...others] = only?.commands ?? []
  const plain = { job: { ...node, background: false }, redirections: [] }
  if (more.length > 0 || others.length > 0 || command === undefined || only?.negated) return plain
  const isOwn = (redirection: Redirection): boolean => isOutput(redirection) && (redirection.fd ?? 1) <= 2
  const outputs = command.redirections.filter(isOwn)
  const words = outputs.flatMap((redirection) =>
    redirection.target.type === 'Word'
      ? [word(fdOf(redirection)), word(redirection.operator.replace(/^&/, '')), redirection.target]
      : [],
  )
  if (words.length !== 3 * outputs.length) return plain
  const rest = command.redirections.filter((redirection) => !isOwn(redirection))
  return { job: statement(inPlace({ ...command, redirections: rest }, own)), redirections: words }
}

/** Whether a job is one program that calls no function of its script. */
function needsNone(job: StatementNode, own: ReadonlySet<string>): boolean {
  const [command] = job.pipelines[0]?.commands ?? []
  if (job.pipelines.length !== 1 || command?.type !== 'SimpleCommand' || substitutes(command)) return false
  const name = literalOf(command.name)
  return name !== null && !own.has(name)
}

/** A job that is one program has its number: the shell gives its process away. */
function inPlace(node: CommandNode, own: ReadonlySet<string>): CommandNode {
  if (node.type !== 'SimpleCommand' || node.name === null) return node
  const name = literalOf(node.name)
  if (name === null || own.has(name) || !runners.has(name.slice(name.lastIndexOf('/') + 1))) return node
  return name === '__become' ? node : { ...node, name: word('__become'), args: [node.name, ...node.args] }
}

function fdOf(redirection: Redirection): string {
  return redirection.operator.startsWith('&') ? '&' : String(redirection.fd ?? 1)
}

/** `own` are the script's functions: a command of that name is none of ours. */
function rewriteCommand(node: CommandNode, own: ReadonlySet<string>): CommandNode {
  if (node.type !== 'SimpleCommand') return node
  const name = literalOf(node.name)
  if (name === 'wait') return { ...node, name: word('__wait') }
  if (name === 'eval' && node.args.length > 0) return evaluate(node)
  if (name === 'command' && /^-[vV]$/.test(literalOf(node.args[0] ?? null) ?? ''))
    return { ...node, name: word('__which'), args: [word([...own, '-'].join(',')), ...node.args.slice(1)] }
  if (name === 'exec' && node.args.length > 0 && !startsWithDash(node.args[0])) return become(node)
  if (name === null || own.has(name) || !runners.has(name.slice(name.lastIndexOf('/') + 1))) return node
  return streamed(node)
}

function become(node: SimpleCommandNode): CommandNode {
  const program = streamed({ ...node, name: word('__become') })
  const leave = { ...simple('exit', []), args: [variable('?')] }
  return { type: 'Group', body: [statement(program), statement(leave)], redirections: [] }
}

function evaluate(node: SimpleCommandNode): CommandNode {
  const prepare = { ...simple('__dialect', []), args: node.args }
  const run = { ...node, args: [variable('__text')] }
  return { type: 'Group', body: [statement(prepare), statement(run)], redirections: [] }
}

function streamed(node: SimpleCommandNode): CommandNode {
  const outputs = node.redirections.filter(isOutput)
  if (outputs.length === 0 || substitutes(node)) return node
  const inputs = node.redirections.filter((redirection) => !isOutput(redirection))
  const open: SimpleCommandNode = { ...simple('exec', []), redirections: outputs }
  return { type: 'Subshell', body: [statement(open), statement({ ...node, redirections: inputs })], redirections: [] }
}

function substitutes(node: SimpleCommandNode): boolean {
  let found = false
  walk([node.args, node.assignments, node.redirections], (part) => {
    found ||= 'type' in part && (part.type === 'CommandSubstitution' || part.type === 'ProcessSubstitution')
  })
  return found
}

function isOutput({ operator }: Redirection): boolean {
  return operator.includes('>') && operator !== '<>'
}

/** `"$name"` */
function variable(parameter: string): WordNode {
  return {
    type: 'Word',
    parts: [{ type: 'DoubleQuoted', parts: [{ type: 'ParameterExpansion', parameter, operation: null }] }],
  }
}

function walk(node: unknown, visit: (node: object) => void): void {
  if (typeof node !== 'object' || node === null) return
  for (const child of Object.values(node)) walk(child, visit)
  visit(node)
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

function isBody(node: StatementNode): boolean {
  const command = node.pipelines[0]?.commands[0]
  return command?.type === 'SimpleCommand' && literalOf(command.name) === jobBody
}

function isParameter(node: object): node is { parameter: string } {
  return 'type' in node && node.type === 'ParameterExpansion'
}
