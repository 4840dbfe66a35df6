// The composition root: the only file that knows every room, every provider kind and every step kind. It puts them
// together in the order of the arrow and takes them apart in the reverse.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firstToken } from './access/index.ts'
import type { TerminalAccess } from './bootstrap/index.ts'
import { lazyRemote } from './bootstrap/lazy-remote.ts'
import type { Remote } from './bootstrap/remote.ts'
import { type Care, type DecideDeps, engineHooks, type Seats, startCare, startChecks } from './care/index.ts'
import {
  type Engine,
  type EngineHooks,
  localProcesses,
  type Processes,
  type StepKind,
  startEngine,
} from './engine/index.ts'
import type { Log } from './http/log.ts'
import { createApp } from './http/router.ts'
import { listen } from './http/server.ts'
import { makeFolder } from './kernel/folder.ts'
import { newId } from './kernel/ids.ts'
import { parseJournal } from './kernel/journal.ts'
import { ProblemError } from './kernel/problem.ts'
import { realSeams } from './kernel/real-seams.ts'
import type { Seams } from './kernel/seams.ts'
import type { ProviderKind } from './provider/contract.ts'
import { providersOver } from './provider/opened.ts'
import { type Kinds, openSessions } from './provider/registry.ts'
import { type OpenReplayHouse, type ReplayOptions, type ReplayResult, replay } from './replay/index.ts'
import { apiInfo, endpoints } from './resources/api.ts'
import { backUpFolder, type RestoreWish, restoreInto } from './resources/backups/index.ts'
import { addShippedBlueprints, blueprintSource } from './resources/blueprints/index.ts'
import { type Keeper, startKeeper } from './resources/calendar/index.ts'
import { type Config, configSchema } from './resources/config.ts'
import { hostOf } from './resources/host.ts'
import { ensureInstallation } from './resources/installation/index.ts'
import { adoptIdentity, loadProvider } from './resources/providers/index.ts'
import { readConfig } from './resources/read-config.ts'
import type { Rooms } from './resources/rooms.ts'
import { keyMaker, loadMasterKey, masterKeyPrint, openVault } from './secrets/index.ts'
import { gateStep, machineStep, powerStep, prober, scriptStep, sshStep } from './steps/index.ts'
import { databaseExists, openStore, type Store, type StoreOptions, unpackBackup } from './store/index.ts'

export { lineLog } from './http/log.ts'

/** What a Gantry is made of. */
export interface HouseParts {
  readonly masterKey: Uint8Array
  readonly config: Config
  readonly version: string
  readonly kinds: Kinds
  /** Folder whose sub-folders are blueprints to be uploaded at start; null for none. */
  readonly blueprints: string | null
  readonly seams: Seams
  readonly log: Log
  /** How machines are spoken to. */
  readonly remote: Remote
  /** For replays: where members were. */
  readonly seats?: Seats
  /** For tests: another pace of scans. */
  readonly scanEveryMs?: number
  /** For tests: how it knows itself and other processes, by default by what this machine says of them. */
  readonly processes?: Processes
  /** For tests: put around every step kind. */
  readonly stepKind?: (real: StepKind) => StepKind
  /** For tests: put around what the engine asks of care. */
  readonly hooks?: (real: EngineHooks) => EngineHooks
}

export interface GantryOptions extends HouseParts {
  /** `sqlite:<path>`. */
  readonly database: string
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** For tests: another durability. */
  readonly store?: StoreOptions
}

/** A Gantry that listens nowhere. */
export interface House extends AsyncDisposable {
  readonly rooms: Rooms
  readonly engine: Engine
  readonly care: Care
  readonly keeper: Keeper
  /** The whole API, as a function from request to response. */
  readonly api: ReturnType<typeof createApp>
}

export interface Gantry extends Omit<House, 'api' | keyof AsyncDisposable> {
  readonly url: string
  /** At the first start of an installation only: the one time it is shown. */
  readonly adminToken: string | undefined
  /** Answers what waits, finishes what runs, gives its leases back. */
  close(): Promise<void>
}

/** How long requests in flight may take after closing began, ms. */
const graceMs = 10_000

/** Starts one Gantry. Throws ProblemError when the database, the master key or the address cannot be had. */
export async function startGantry(options: GantryOptions): Promise<Gantry> {
  // Closed in the reverse of the order in which things came; also when starting fails half-way.
  await using started = new AsyncDisposableStack()
  const store = started.use(await openStore(options.database, options.seams, options.store))
  started.use(options.remote)
  const closing = new AbortController()
  const { rooms, engine, care, keeper, api } = started.use(await openHouse(options, store, closing.signal))
  const server = await listen(api, options.listen)
  started.defer(() => server.close(0))
  // Last of all: one that was written by a start that then failed would never be shown, and lock everybody out.
  const adminToken = await store.write((tx) => firstToken(tx, options.seams))
  const running = started.move()
  return {
    url: server.url,
    adminToken,
    rooms,
    engine,
    care,
    keeper,
    async close() {
      closing.abort(new Error('this process is closing'))
      await server.close(graceMs)
      await running.disposeAsync()
    },
  }
}

/** Puts the rooms together over a store, which stays the caller's to close, as the remote does. */
export async function openHouse(parts: HouseParts, store: Store, closing: AbortSignal): Promise<House> {
  const { seams, log, config, kinds, remote } = parts
  await using started = new AsyncDisposableStack()
  const vault = await openVault(store, parts.masterKey, seams)
  await Promise.all([
    store.write((tx) => ensureInstallation(tx, seams)),
    parts.blueprints === null ? undefined : addShippedBlueprints({ store, seams, log }, parts.blueprints),
  ])

  const sessions = started.use(
    openSessions({ kinds, seams, load: loadProvider(store, vault, kinds), adopt: adoptIdentity(store, seams) }),
  )
  const blueprints = blueprintSource()
  const forming: DecideDeps = {
    seams,
    keys: keyMaker(vault, seams),
    flavors: config.flavors,
    meltdown: { ...config.meltdown, windowMs: config.meltdown.windowMinutes * 60_000 },
    ...(parts.seats && { seats: parts.seats }),
  }
  const roomLog = (message: string, facts: { readonly [name: string]: unknown }) => {
    const { error, ...rest } = facts
    const fields = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)]))
    log('warn', message, fields, error)
  }
  const steps = [
    machineStep(providersOver(sessions)),
    powerStep(providersOver(sessions)),
    sshStep({ remote }),
    scriptStep({ remote }),
    gateStep({ remote }),
  ]
  const engine = started.use(
    startEngine({
      store,
      seams,
      vault,
      blueprints,
      processes: parts.processes ?? localProcesses(newId('process', seams)),
      kinds: new Map(steps.map((kind) => [kind.kind, parts.stepKind?.(kind) ?? kind])),
      hooks: parts.hooks?.(engineHooks(forming)) ?? engineHooks(forming),
      concurrency: config.concurrency,
      log: roomLog,
    }),
  )
  const wake: Rooms['wake'] = (platform) => engine.wake(platform)
  const scanPace = parts.scanEveryMs === undefined ? {} : { scanEveryMs: parts.scanEveryMs }
  const care = started.use(startCare({ store, seams, sessions, wake, log: roomLog, ...scanPace }))
  const keeper = started.use(startKeeper({ store, seams, blueprints, forming, wake, log: roomLog }))
  const probe = prober({ remote, seams, privateKey: (ref) => vault.get(store.read, ref) })
  const secret = (ref: string) => vault.get(store.read, ref)
  started.use(startChecks({ store, seams, blueprints, probe, secret, wake, log: roomLog }))

  const rooms: Rooms = {
    store,
    seams,
    vault,
    kinds,
    sessions,
    blueprints,
    forming,
    config,
    log,
    wake,
    closing,
    info: {
      version: parts.version,
      database: 'sqlite',
      startedAt: seams.clock.now(),
      masterKeyPrint: masterKeyPrint(parts.masterKey),
    },
  }

  const running = started.move()
  return {
    rooms,
    engine,
    care,
    keeper,
    api: createApp(endpoints, hostOf(rooms)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** Provider kinds that come with Gantry, loaded when one is first used. */
export const installedKinds: Kinds = lazyKinds({
  incus: async () => (await import('../providers/incus/index.ts')).incus,
  simulated: async () => (await import('../providers/simulated/index.ts')).simulated,
})

function lazyKinds(load: Readonly<Record<string, () => Promise<ProviderKind>>>): Kinds {
  return {
    names: Object.keys(load).sort(),
    get: async (kind) => (Object.hasOwn(load, kind) ? load[kind]?.() : undefined),
  }
}

export interface ServeFlags {
  /** Folder of database and master key. */
  readonly data: string
  readonly database?: string | undefined
  readonly listen: { readonly host: string; readonly port: number }
  readonly config?: string | undefined
}

/** Starts the Gantry of `gantry serve`: real clock, real SSH, the kinds and blueprints that come with it. */
export async function serve(flags: ServeFlags, version: string, log: Log): Promise<Gantry> {
  const seams = realSeams()
  const config = readConfig(flags.config)
  const database = flags.database ?? `sqlite:${join(flags.data, 'gantry.db')}`
  const fresh = !databaseExists(database)
  makeDataFolder(flags.data)
  return startGantry({
    database,
    masterKey: loadMasterKey(join(flags.data, 'master.key'), seams, fresh),
    listen: flags.listen,
    config,
    version,
    kinds: installedKinds,
    blueprints: join(import.meta.dirname, '../blueprints'),
    seams,
    log,
    remote: lazyRemote(seams),
  })
}

function makeDataFolder(folder: string): void {
  try {
    makeFolder(folder)
  } catch (cause) {
    throw new ProblemError(
      {
        code: 'unavailable',
        detail: `The folder ${folder} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}.`,
        next: 'Choose another with --data, or give this user the right to write there.',
      },
      { cause },
    )
  }
}

/** The text of openapi.yaml for this version of Gantry. */
export async function openapiText(version: string): Promise<string> {
  const { openapiDocument, openapiYaml } = await import('./http/openapi.ts')
  return openapiYaml(openapiDocument(endpoints, { ...apiInfo, version }))
}

/** Backup and restore of what is on this machine, for `gantry backup` and `gantry restore`. */
export function backupsHere(version: string) {
  return {
    take: (folder: string, file: string) => backUpFolder(folder, file, version, realSeams()),
    check: async (file: string) => unpackBackup(file, null),
    restore: (wish: RestoreWish) => restoreInto(wish, realSeams()),
  }
}

/** Runs a journal again, in a house of its own on a file that goes with it. Throws ProblemError 'invalid_request'. */
export async function replayHere(
  text: string,
  version: string,
  onHappening?: ReplayOptions['onHappening'],
): Promise<ReplayResult> {
  const journal = parseJournal(text)
  const folder = mkdtempSync(join(tmpdir(), 'gantry-replay-'))
  try {
    const options = { open: replayHouseIn(folder, version), random: realSeams().random }
    return await replay(journal, onHappening ? { ...options, onHappening } : options)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function replayHouseIn(folder: string, version: string): OpenReplayHouse {
  return async ({ seams, kind, remote, flavors, meltdown, seats, stepKind }) => {
    await using started = new AsyncDisposableStack()
    const store = started.use(await openStore(`sqlite:${join(folder, 'gantry.db')}`, seams, { synchronous: 'OFF' }))
    const closing = new AbortController()
    const parts: HouseParts = {
      masterKey: seams.random.bytes(32),
      config: configSchema.parse({ flavors, meltdown }),
      version,
      kinds: { names: [kind.kind], get: async (name) => (name === kind.kind ? kind : undefined) },
      blueprints: null,
      seams,
      log: () => undefined,
      remote,
      seats,
      stepKind,
    }
    const house = started.use(await openHouse(parts, store, closing.signal))
    const token = await store.write((tx) => firstToken(tx, seams))
    started.defer(() => closing.abort(new Error('the replay is over')))
    const running = started.move()
    return {
      read: store.read,
      async call(method, path, body) {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
        const sent = body === undefined ? {} : { body: JSON.stringify(body) }
        const answer = await house.api.request(path, { method, headers, ...sent })
        const text = await answer.text()
        return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
      },
      [Symbol.asyncDispose]: () => running.disposeAsync(),
    }
  }
}

/** What only this machine knows, for `gantry doctor`. */
export async function sshCryptoDetail(): Promise<string> {
  const { sshCrypto } = await import('./bootstrap/index.ts')
  return sshCrypto().detail
}

/** A person's login to a machine without an ssh program, for `gantry ssh`; answers the exit code. */
export async function openOwnTerminal(
  access: TerminalAccess,
  command: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const { openTerminal } = await import('./bootstrap/index.ts')
  const { stdin, stdout, stderr, env } = process
  return openTerminal(access, command, { stdin, stdout, stderr, term: env.TERM ?? 'dumb', signal }, realSeams())
}
