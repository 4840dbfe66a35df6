// The one arrow: who may import whom (src/README.md draws it). Each room lists the rooms it may import and why no
// others; whatever is not listed is an error. proof.ts breaks every rule once, so that none can silently stop working.
//
// Tests (*.test.ts, the *.child.ts processes they start, test/) stand outside the house: they may import any room, but no room may import them.

/** Rooms of src/ with the other rooms each may import. */
const rooms = {
  kernel: {
    may: [],
    why: 'Everything stands on the kernel, so it stands on nothing: an import from here could only be a cycle.',
  },
  store: {
    may: ['kernel'],
    why: 'The database knows no feature; each feature brings its own queries, so that features can be read alone.',
  },
  events: {
    may: ['store', 'kernel'],
    why: 'Every room writes events, so the room of events may know none of them.',
  },
  secrets: {
    may: ['events', 'store', 'kernel'],
    why: 'Who handles secret values must be readable as a whole: the vault knows nobody who uses it.',
  },
  access: {
    may: ['events', 'store', 'kernel'],
    why: 'One policy table decides for all resources; knowing one of them would make it decide for that one otherwise.',
  },
  quota: {
    may: ['events', 'store', 'kernel'],
    why: 'Admission counts amounts under keys; what is counted is the business of its callers.',
  },
  placement: {
    may: ['store', 'kernel'],
    why: 'Placement keeps the books of hosts and chooses among them; it knows neither who asks nor who owns the hosts.',
  },
  blueprints: {
    may: ['kernel'],
    why: 'Parsing and planning are pure: a plan that read a database, health or a clock would not be the same twice.',
  },
  engine: {
    may: ['blueprints', 'secrets', 'events', 'store', 'kernel'],
    why: 'The engine runs steps it knows by contract only: no step kind, no provider, no HTTP, no resource.',
  },
  care: {
    may: ['engine', 'placement', 'quota', 'provider', 'blueprints', 'events', 'store', 'kernel'],
    why: 'Care looks and decides; it changes the world only by what it writes for the engine.',
  },
  provider: {
    may: ['store', 'kernel'],
    why: 'The socket that third-party providers plug into: what it imported, they would have to know.',
  },
  bootstrap: {
    may: ['kernel'],
    why: 'SSH to a machine knows neither who asks nor where the machine comes from.',
  },
  steps: {
    may: ['provider', 'bootstrap', 'kernel'],
    // The contract is written in the types of a plan, which are data and import only the kernel.
    contract: ['^src/engine/step-kind\\.ts$', '^src/blueprints/plan-types\\.ts$'],
    why: "A step kind sees the engine's step contract, a provider session and a remote; not runs, leases or records.",
  },
  resources: {
    may: [
      'http',
      'quota',
      'placement',
      'blueprints',
      'engine',
      'care',
      'access',
      'secrets',
      'events',
      'provider',
      'store',
      'kernel',
    ],
    why: 'A slice reaches machines only by what it has planned: no step kind, no SSH, no provider kind, no app.',
  },
  http: {
    may: ['kernel'],
    why: 'A kit that knows no resource: its stores are passed in, so that it imports neither store nor resources.',
  },
  console: {
    may: ['kernel'],
    why: 'The console is a client of the REST API that happens to be served by the same process.',
  },
  replay: {
    may: ['care', 'engine', 'bootstrap', 'blueprints', 'provider', 'store', 'kernel'],
    why: 'A replay is a client of the API over a world of its own: the house it runs in is passed in, so that it is the real one; it knows of engine and care what can be put around them.',
  },
  cli: {
    may: ['kernel', 'blueprints'],
    why: 'The command line is a client of the REST API like any other; blueprints is pure and validates without a server.',
  },
}

const names = Object.keys(rooms)
const tests = '(^test/|\\.(test|child)\\.ts$)'
const house = '^(src|providers)/'

/** One rule for each room: within the house it imports itself and what it lists, nothing else. */
const arrow = names.map((name) => ({
  name: `${name}-imports-only-what-it-may`,
  comment: rooms[name].why,
  severity: 'error',
  from: { path: `^src/${name}/`, pathNot: tests },
  to: {
    path: house,
    pathNot: [name, ...rooms[name].may].map((room) => `^src/${room}/`).concat(rooms[name].contract ?? []),
  },
}))

/** What the rooms' table cannot say. */
const more = [
  {
    name: 'no-cycle',
    comment: 'Two files that need each other are one file, or lack a third that both need.',
    from: {},
    to: { circular: true },
  },
  {
    name: 'every-import-is-found',
    comment: 'An import that leads nowhere is an edge that no rule could judge.',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'every-room-is-on-the-map',
    comment: 'A new folder in src/ must say who may import it and what it may import: add it to rooms in rules.cjs.',
    from: { path: '^src/(?!(test)/)[^/]+/', pathNot: names.map((name) => `^src/${name}/`) },
    to: {},
  },
  {
    name: 'no-import-of-an-unmapped-room',
    comment: 'A new folder in src/ must say who may import it and what it may import: add it to rooms in rules.cjs.',
    from: { pathNot: tests },
    to: { path: '^src/[^/]+/', pathNot: names.map((name) => `^src/${name}/`) },
  },
  {
    name: 'placement-chooses-purely',
    comment: 'The choice is a pure function, tested by properties: on no way may it come to a database.',
    from: { path: '^src/placement/place\\.ts$' },
    to: { path: '^src/store/', reachable: true },
  },
  {
    name: 'slices-meet-at-index',
    comment: "A slice's inside can change without a look at other slices, because they see its index.ts alone.",
    from: { path: '^src/resources/([^/]+)/', pathNot: tests },
    to: { path: '^src/resources/[^/]+/', pathNot: ['^src/resources/$1/', '^src/resources/[^/]+/index\\.ts$'] },
  },
  {
    name: 'shared-slice-parts-know-no-slice',
    comment: 'What lies directly in resources/ is for every slice; it meets a slice, if at all, at its index.ts.',
    from: { path: '^src/resources/[^/]+\\.ts$', pathNot: tests },
    to: { path: '^src/resources/[^/]+/', pathNot: '^src/resources/[^/]+/index\\.ts$' },
  },
  {
    name: 'providers-import-only-the-socket',
    comment: 'A provider in the tree has no more than one written elsewhere: the contract and the kernel.',
    from: { path: '^providers/([^/]+)/', pathNot: tests },
    to: { path: house, pathNot: ['^providers/$1/', '^src/provider/', '^src/kernel/'] },
  },
  {
    name: 'only-app-imports-providers-and-steps',
    comment: 'app.ts alone knows every provider kind and step kind; elsewhere a kind is looked up, never named.',
    from: { pathNot: [tests, '^src/app\\.ts$', '^providers/', '^src/steps/'] },
    to: { path: '^(providers|src/steps)/' },
  },
  {
    name: 'only-main-imports-app-and-cli',
    comment: 'The ends of the arrow: main starts, app composes; who imported them would import every room.',
    from: { pathNot: [tests, '^src/main\\.ts$', '^src/app\\.ts$', '^src/cli/'] },
    to: { path: '^src/(app|main)\\.ts$|^src/cli/' },
  },
  {
    name: 'app-imports-no-client',
    comment: 'The composition root is a server; the command line talks to it over HTTP.',
    from: { path: '^src/app\\.ts$' },
    to: { path: '^src/(main\\.ts$|cli/)' },
  },
  {
    name: 'main-starts-app-or-cli',
    comment: 'main chooses a command and composes nothing: the rooms are app.ts to put together.',
    from: { path: '^src/main\\.ts$' },
    to: { path: house, pathNot: ['^src/app\\.ts$', '^src/cli/', '^src/kernel/'] },
  },
  {
    name: 'demo-uses-only-the-client',
    comment: "The demo is made of nothing but the API's answers, so that what it shows is what anybody can build.",
    from: { path: '^src/cli/demo', pathNot: tests },
    to: { path: house, pathNot: ['^src/cli/demo', '^src/cli/client'] },
  },
  {
    name: 'ssh2-behind-its-seam',
    comment: 'SSH clients live in bootstrap/ alone; the simulated provider has the server side of it.',
    from: { path: house, pathNot: [tests, '^src/bootstrap/', '^providers/simulated/'] },
    to: { path: 'node_modules/(@types/)?ssh2/' },
  },
  {
    name: 'no-timers-but-seams',
    comment: 'Time reaches these rooms by Seams (seams.grit finds the globals): a history must be repeatable.',
    from: { path: '^(src/(engine|steps|placement|care)|providers)/', pathNot: tests },
    to: { path: '^timers(/promises)?$' },
  },
  {
    name: 'no-test-in-the-house',
    comment: 'What a test needs is no part of the product.',
    from: { path: house, pathNot: tests },
    to: { path: tests },
  },
  {
    name: 'no-dev-dependency-in-the-house',
    comment: 'An installed Gantry has only dependencies; a dev dependency would be missing there.',
    from: { path: house, pathNot: tests },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
  },
].map((rule) => ({ severity: 'error', ...rule }))

module.exports = {
  forbidden: [...arrow, ...more],
  options: {
    parser: 'tsc',
    tsPreCompilationDeps: true, // an import of a type ties two rooms as well
    moduleSystems: ['es6', 'cjs'],
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/|^test/.*/node_modules/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
    builtInModules: { add: ['node:sqlite', 'node:test', 'node:sea'] },
  },
}
