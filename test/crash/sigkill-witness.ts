// A blueprint whose scripts testify: each start of an attempt leaves a line on the machine, whoever asked for it. A
// second start of the same attempt, or a second attempt of a step that needed one, cannot hide.

import ssh2 from 'ssh2'
import type { Api } from '../../src/cli/client/api.ts'

const testimony = '/var/witness'

/** The attempt's id is the name of the folder that the runner made for it. */
const testify = `attempt=\${GANTRY_OUTPUT%/output}
echo "$STEP \${attempt##*/}" >> ${testimony}
sleep 0.15
`

/** The blueprint of a platform of so many machines. */
export const witnessOf = (machines: number) => ({
  'blueprint.yaml': `name: witness
version: 1.0.0
groups:
  node: { count: ${machines}, flavor: small, image: debian-12, spread: { host: should } }
steps:
  prepare: { on: each, run: scripts/prepare.sh }
  found: { on: founder(node), once: true, needs: [prepare], run: scripts/found.sh, outputs: { cluster: plain } }
  join: { on: each, except: founder, needs: [prepare, found], run: scripts/join.sh, with: { cluster: found.cluster } }
`,
  'scripts/prepare.sh': `STEP=prepare\n${testify}`,
  'scripts/found.sh': `STEP=found\n${testify}echo cluster=c-1 >> "$GANTRY_OUTPUT"\n`,
  'scripts/join.sh': `STEP=join\n${testify}`,
})

export interface Testimony {
  readonly member: string
  /** Steps in the order in which they were started, with the attempt of each. */
  readonly starts: readonly { readonly step: string; readonly attempt: string }[]
  /** Attempts of which the runner has a folder. */
  readonly folders: readonly string[]
}

/** Asks a machine itself, over SSH, as its owner would. */
export async function testimonyOf(api: Api, machine: string): Promise<Testimony> {
  const login = await api.machineSsh(machine)
  const text = await run(login, `cat ${testimony}; echo --; ls /var/lib/gantry/attempts`)
  const [starts = '', folders = ''] = text.split('--\n')
  return {
    member: login.member,
    starts: linesOf(starts).map((line) => {
      const [step = '', attempt = ''] = line.split(' ')
      return { step, attempt }
    }),
    folders: linesOf(folders),
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

type Login = Awaited<ReturnType<Api['machineSsh']>>

function run({ host, port, user, privateKey, hostKey }: Login, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client()
    const fail = (error: Error): void => {
      client.end()
      reject(error)
    }
    client.on('error', fail)
    client.on('ready', () => {
      client.exec(command, (error, channel) => {
        if (error) return fail(error)
        let said = ''
        channel.on('data', (chunk: Buffer) => {
          said += chunk.toString()
        })
        channel.stderr.on('data', (chunk: Buffer) => {
          said += chunk.toString()
        })
        channel.on('close', () => {
          client.end()
          resolve(said)
        })
        channel.end()
      })
    })
    const pinned = Buffer.from(hostKey.split(' ')[1] ?? '', 'base64')
    client.connect({ host, port, username: user, privateKey, hostVerifier: (key: Buffer) => key.equals(pinned) })
  })
}
