// The socket every provider plugs into. A provider is judged by what its users need: no machine leaked,
// none doubled, and always an answer. The rules are prose here and tests in test/conformance/:
//
//  - create and destroy may be called many times with the same key, before and after any crash.
//  - create with a key that exists under our owner tag succeeds, returns the existing object, changes nothing.
//  - create with a key (or the native name derived from it) taken by anything else is the fault `nameTaken`.
//  - destroy of something absent succeeds; destroy of a stranger's object is refused with `nameTaken`.
//  - destroy means accepted; only an observation says gone.
//  - observe answers for every key asked for it finds; a key it does not yield was absent when it looked.
//  - list yields every object of the owner, of every kind, however it came to be; pages, where it is there, yields the
//    same in parts, and of the parts that are as they were (by digest) only their names.
//  - every error is a ProviderFault that says whether the effect took place (`outcome`).
//  - a server has an identity that lives as long as its state does: who lost its machines together with its identity is
//    another server, and says nothing of what became of ours (identity.ts).
//  - every call ends when its signal aborts, and the registry aborts those that take too long (bounded.ts).

import type { z } from 'zod'
import type { Endpoint } from '../kernel/endpoint.ts'
import type { Seams } from '../kernel/seams.ts'

/** `<installation>/<restore epoch>/<platform>/<member>@<incarnation>`; unique for ever. */
export type ResourceKey = string & { readonly __key: 'resource' }
/** The installation id, as providers tag our objects with it. */
export type OwnerTag = string & { readonly __tag: 'owner' }
/** The provider's own id of an object. */
export type NativeRef = string & { readonly __ref: 'native' }

export type { Endpoint } from '../kernel/endpoint.ts'

export interface Resources {
  /** Virtual CPUs, COUNT. */
  readonly cpu: number
  readonly memoryBytes: number
  readonly diskBytes: number
}

/** What Gantry asks of every provider alike. The same bytes are sent on every retry of a key. */
export interface MachineRequest {
  readonly owner: OwnerTag
  /** A readable host name, a DNS label; not unique. */
  readonly hostname: string
  readonly resources: Resources
  /** The provider's own reference of the image. */
  readonly image: string
  readonly zone: string
  readonly host: string | null
  /** Members of one spread group avoid each other where the provider can help. */
  readonly spreadGroup: string | null
  readonly networks: readonly string[]
  readonly loginUser: string
  /** OpenSSH one-line public key to be accepted for `loginUser`. */
  readonly authorizedKey: string
  /** The machine's ed25519 SSH host key: we make it, so that identity is known before the first connection. */
  readonly hostKey: { readonly publicKey: string; readonly privateKeyPem: string }
  /** sha256 over the request without secrets; providers store it and return it in `Observed.specHash`. */
  readonly specHash: string
}

export interface Observed {
  readonly key: ResourceKey
  readonly ref: NativeRef
  readonly owner: OwnerTag
  readonly kind: 'machine' | 'disk' | 'network' | 'address' | 'rule'
  readonly state: 'creating' | 'running' | 'stopped' | 'deleting' | 'failed'
  /** Where SSH answers. */
  readonly endpoints: readonly Endpoint[]
  /** What other machines of its network reach it by, first the preferred one; the endpoints' addresses when not given. */
  readonly addresses?: readonly string[]
  /** OpenSSH one-line public keys, where the provider can tell. */
  readonly hostKeys?: readonly string[]
  readonly placement: { readonly zone: string; readonly host: string | null }
  readonly specHash: string | null
  /** ms since 1970, by the provider's clock; null when it does not say. */
  readonly createdAt: number | null
  /** Why it is `failed`, in the provider's words. */
  readonly reason?: string
  /** `creating`, but the create that made it was cut off half-way: only a create of the same key completes it. */
  readonly unfinished?: boolean
}

/**
 * How old a look may be for a create that rests on nothing else, ms. A process that slept between the two may have been
 * taken over and the machine made by another; less than what is left of a lease when create is called
 * (architecture, section 5), so a look this young is still the owner's.
 */
export const lookHoldsMs = 4_000

/** What this server can do, known after connect. Declared, never sniffed by kind. */
export interface Capabilities {
  /** `consistent`: an acknowledged create or destroy is visible to the next observe. */
  readonly lookup: 'consistent' | 'eventual'
  /** For how long after a create was sent it may still appear, and for how long a list may lag. */
  readonly settleMs: number
  /** How a repeated create is recognised; `none` means only by looking first, and `lookHoldsMs` is to be kept. */
  readonly createIdempotency: 'token' | 'uniqueName' | 'none'
  /** Whether inventory() reports hosts with capacity, or zones only. */
  readonly hosts: boolean
  readonly power: boolean
}

/** `shutdown` asks the machine to end by itself, which may take a minute or not happen; `off` does not ask. */
export type PowerCall = 'on' | 'off' | 'shutdown' | 'reset'

export interface Health {
  /** Whose state is seen: stable for the life of that state, another for every other server, whatever its address. */
  readonly identity: string
  readonly version: string
  readonly latencyMs: number
  /** Rights that are missing and what will not work without them. */
  readonly missingRights: readonly string[]
}

export interface HostReport {
  readonly name: string
  readonly zone: string
  /** null: this is a zone whose hosts are not shown; capacity unknown. */
  readonly capacity: Resources | null
  /** Use by everybody, ours included; null when not reported. */
  readonly used: Resources | null
  readonly state: 'ready' | 'maintenance' | 'unreachable'
}

/** A part of what `list` would yield. All objects of one key lie in one page, and in the same one from look to look. */
export interface Page {
  readonly name: string
  /** Of everything it shows: another one whenever an object of it came, went or changed. */
  readonly digest: string
  /** null: the digest is the one the caller knows, so he knows what it shows. */
  readonly objects: readonly Observed[] | null
}

export interface Session<MachineSpec = unknown> extends AsyncDisposable {
  readonly capabilities: Capabilities
  probe(signal: AbortSignal): Promise<Health>
  /** Optional: the identity of probe() alone, where that is cheaper; every look that misses something asks for it. */
  readonly identify?: (signal: AbortSignal) => Promise<string>
  inventory(signal: AbortSignal): AsyncIterable<HostReport>
  create(
    key: ResourceKey,
    request: MachineRequest & { readonly own: MachineSpec },
    signal: AbortSignal,
  ): Promise<NativeRef>
  /** Batched; the ref is a hint, its loss is harmless. Absent keys are not yielded. */
  observe(
    owner: OwnerTag,
    keys: Iterable<{ readonly key: ResourceKey; readonly ref?: NativeRef | undefined }>,
    signal: AbortSignal,
  ): AsyncIterable<Observed>
  destroy(owner: OwnerTag, key: ResourceKey, signal: AbortSignal): Promise<void>
  list(owner: OwnerTag, signal: AbortSignal): AsyncIterable<Observed>
  /**
   * Optional: the list by pages, without the objects of pages whose digest is `known` (by page name). Scans prefer it: an
   * inventory in which nothing changed costs them a digest a page. A page that is not yielded is empty.
   */
  readonly pages?: (owner: OwnerTag, known: ReadonlyMap<string, string>, signal: AbortSignal) => AsyncIterable<Page>
  /** Optional: power calls, where capabilities.power. Accepted, not awaited; the next look tells. */
  readonly power?: (owner: OwnerTag, key: ResourceKey, to: PowerCall, signal: AbortSignal) => Promise<void>
  /** Optional: whether an image reference exists, checked when an image is mapped. */
  readonly hasImage?: (ref: string, signal: AbortSignal) => Promise<boolean>
}

export interface ProviderKind<Config = unknown, MachineSpec = unknown> {
  readonly kind: string
  /** True when its machines are simulated: said wherever they are shown. */
  readonly simulated: boolean
  /** What an infra admin fills in; secret fields carry `.meta({ secret: true })`. */
  readonly config: z.ZodType<Config>
  /** The provider's own extras for a machine, with defaults. */
  readonly machineSpec: z.ZodType<MachineSpec>
  /** Throws ProviderFault: `transient` when unreachable, `denied` when the login is refused. */
  connect(config: Config, seams: Seams): Promise<Session<MachineSpec>>
}
