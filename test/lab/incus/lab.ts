// How a test gets real machines: the shell part does the work, this is its face. A lab that was already up stays up
// when the test ends, so that a person can keep one running between runs.

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { z } from 'zod'

const run = promisify(execFile)
const script = new URL('./lab', import.meta.url).pathname

const factsSchema = z.object({
  /** https listener on loopback, for the client certificate. */
  url: z.string(),
  /** Unix socket of the same server. */
  socket: z.string(),
  /** sha256 of the server's certificate, hex. */
  serverFingerprint: z.string(),
  clientCertificate: z.string().describe('path of a PEM file'),
  clientKey: z.string().describe('path of a PEM file'),
  project: z.string(),
  pool: z.string(),
  bridge: z.string(),
  gateway: z.string(),
  prefix: z.number(),
  /** The part of the bridge's subnet whose addresses a provider may give. */
  addresses: z.object({ from: z.string(), to: z.string() }),
  /** Image alias. */
  image: z.string(),
  loginUser: z.string(),
  /** Path of a tar for `docker import`: a static busybox. */
  tinyImage: z.string(),
})
export type LabFacts = z.infer<typeof factsSchema>

export interface Lab extends AsyncDisposable {
  readonly facts: LabFacts
  /** The lab's own client, for looking at the truth from outside: `incus('list', '--format', 'json')` -> its output. */
  incus(...args: string[]): Promise<string>
}

/** Starts the lab, or joins the running one. Needs root on Debian; the first time takes two minutes. */
export async function startLab(): Promise<Lab> {
  const wasUp = await run(script, ['status']).then(
    () => true,
    () => false,
  )
  const { stdout, stderr } = await run(script, ['up'], { maxBuffer: 1 << 24 })
  if (!wasUp) process.stderr.write(stderr)
  return {
    facts: factsSchema.parse(JSON.parse(stdout)),
    async incus(...args) {
      const answer = await run(script, ['incus', ...args], { maxBuffer: 1 << 26 })
      return answer.stdout
    },
    async [Symbol.asyncDispose]() {
      if (!wasUp) await run(script, ['down'])
    },
  }
}

/** The client certificate and key as PEM text, as they go into a provider's configuration. */
export async function clientIdentity(facts: LabFacts): Promise<{ certificate: string; key: string }> {
  const [certificate, key] = await Promise.all([
    readFile(facts.clientCertificate, 'utf8'),
    readFile(facts.clientKey, 'utf8'),
  ])
  return { certificate, key }
}

/**
 * The configuration of a provider on the lab, as an infra admin would give it. What machines need here: cgroup v1 with
 * cpu and cpuacct mounted apart (raw.lxc), and Docker inside (nesting).
 */
export async function providerConfig(facts: LabFacts) {
  const { certificate, key } = await clientIdentity(facts)
  return {
    url: facts.url,
    clientCertificate: certificate,
    clientKey: key,
    serverFingerprint: facts.serverFingerprint,
    project: facts.project,
    pool: facts.pool,
    network: {
      kind: 'static',
      bridge: facts.bridge,
      from: facts.addresses.from,
      to: facts.addresses.to,
      prefix: facts.prefix,
      gateway: facts.gateway,
    },
    machineConfig: {
      'security.nesting': 'true',
      // A range of its own: where root has several in /etc/subuid, Incus maps all of them onto 0 and nothing starts.
      'security.idmap.isolated': 'true',
      'security.idmap.size': '65536',
      'raw.lxc': 'lxc.mount.auto = cgroup:rw:force\nlxc.cgroup.devices.allow = a',
    },
  }
}
