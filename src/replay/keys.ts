/**
 * A step's key as record and replay both have it: `op/<task>/..` names a task, which is another one in a replay; what
 * counts is which request it was.
 */
export function plainKey(key: string, requests: readonly { readonly task: string | null }[]): string {
  const match = /^(.*?)op\/([^/]+)\/(.*)$/.exec(key)
  if (!match) return key
  const known = requests.findIndex((request) => request.task === match[2])
  // One that is not known yet has just been asked for.
  const index = known < 0 ? requests.length : known
  return `${match[1]}op/#${index + 1}/${match[3]}`
}
