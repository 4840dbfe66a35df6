// The API advises calls of the API; at a terminal the same advice is a command.

const commands: Readonly<Record<string, string>> = {
  'GET /v1/tenants/{tenant}/tickets': 'gantry ticket list --tenant <tenant>',
  'GET /v1/provider-kinds': 'gantry provider kinds',
  'GET /v1/restore/report': 'gantry restore report',
  'GET /v1/version': 'gantry doctor',
  'GET /v1/blueprints/{id}': 'gantry blueprint show <blueprint>',
  'GET /v1/platforms/{platform}': 'gantry platform show <platform>',
  'GET /v1/platforms/{platform}/explain': 'gantry explain <platform>',
}

/** The advice with its calls as commands; calls that no command makes stay. */
export function inCommands(next: string): string {
  return next.replace(/\bGET (\/v1\/[\w{}/-]*[\w}])/g, (call: string, path: string) => {
    const list = /^\/v1\/([a-z]+)s$/.exec(path)?.[1]
    return commands[call] ?? (list === undefined ? call : `gantry ${list} list`)
  })
}

/** What to do about a code that reads otherwise at a terminal; undefined for all others. */
export function adviceFor(code: string): string | undefined {
  if (code !== 'unauthenticated') return undefined
  return 'Give the token with  --token  or  GANTRY_TOKEN,  or keep it:  gantry context set <name> --token gnt_...'
}
