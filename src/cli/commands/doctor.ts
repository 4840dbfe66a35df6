// Is everything in order here and there? Each line is one thing that was looked at, and what to do where it is not.

import type { Command } from 'commander'
import { ApiProblem } from '../client/api-problem.ts'
import { type Paint, pad } from '../client/text.ts'
import type { Runner, Session } from '../session.ts'
import { installedVersion } from '../version.ts'

interface Finding {
  readonly what: string
  readonly ok: boolean
  readonly says: string
  readonly next?: string | undefined
}

export function addDoctor(parent: Command, { run }: Runner): void {
  parent
    .command('doctor')
    .description('check this installation, the server, the token and the providers')
    .action(
      run(async (session) => {
        const findings = [...(await local(session)), ...(await server(session))]
        session.print.data(findings, (paint) => findings.flatMap((finding) => lines(finding, paint)))
        if (findings.some((finding) => !finding.ok)) session.exit(1)
      }),
    )
}

async function local({ world }: Session): Promise<Finding[]> {
  const major = Number(process.versions.node.split('.')[0])
  const findings: Finding[] = [
    { what: 'gantry', ok: true, says: installedVersion() },
    { what: 'node', ok: major >= 26, says: process.version, next: 'Gantry runs on Node 26: run  npm ci  to get it.' },
  ]
  if (world.local) findings.push({ what: 'ssh crypto', ok: true, says: await world.local.sshCrypto() })
  return findings
}

async function server({ api, settings }: Session): Promise<Finding[]> {
  const via = settings.contextName ? `${settings.url} (context ${settings.contextName})` : settings.url
  const findings: Finding[] = []
  try {
    const { status, checks } = await api.ready()
    const states = Object.entries(checks).map(([name, state]) => `${name} ${state}`)
    findings.push({
      what: 'server',
      ok: status === 'ok',
      says: `${via} is ${status}${states.length > 0 ? `: ${states.join(', ')}` : ''}`,
    })
  } catch (error) {
    return [failed('server', error)]
  }
  try {
    const version = await api.version()
    const says = `accepted by Gantry ${version.version} on Node ${version.node}, ${version.database}`
    findings.push({ what: 'token', ok: true, says })
    if (version.reportOnly) {
      findings.push({
        what: 'mode',
        ok: false,
        says: 'report-only after a restore: nothing is changed until its report is accepted',
      })
    }
    for (const provider of await api.providers()) {
      const says = `${provider.kind} ${provider.health?.version ?? ''} ${provider.state}${provider.stateReason ? `: ${provider.stateReason}` : ''}`
      findings.push({
        what: `provider ${provider.name}`,
        ok: provider.state === 'healthy',
        says,
        next: `gantry provider show ${provider.name}`,
      })
    }
  } catch (error) {
    findings.push(failed('token', error))
  }
  return findings
}

function failed(what: string, error: unknown): Finding {
  if (!(error instanceof ApiProblem)) throw error
  return { what, ok: false, says: error.detail, next: error.next }
}

function lines({ what, ok, says, next }: Finding, paint: Paint): string[] {
  const line = `${ok ? paint('good', 'ok  ') : paint('bad', 'BAD ')}  ${pad(what, 14)}  ${says.trimEnd()}`
  return ok || next === undefined ? [line] : [line, `      ${next}`]
}
