// Every endpoint there is. Router, openapi.yaml and the sweeps read this list, so what is not here does not exist.

import type { ApiInfo } from '../http/openapi.ts'
import { backupEndpoints } from './backups/index.ts'
import { blueprintEndpoints } from './blueprints/index.ts'
import { calendarEndpoints } from './calendar/index.ts'
import type { GantryEndpoint } from './endpoint.ts'
import { eventEndpoints } from './events/index.ts'
import { flavorEndpoints } from './flavors/index.ts'
import { hostEndpoints, maintenanceEndpoints } from './hosts/index.ts'
import { imageEndpoints } from './images/index.ts'
import { installationEndpoints } from './installation/index.ts'
import { machineEndpoints } from './machines/index.ts'
import { operationEndpoints } from './operations/index.ts'
import {
  platformEndpoints,
  platformInsightEndpoints,
  platformLifeEndpoints,
  platformProblemEndpoints,
  platformRestEndpoints,
  platformRolloutEndpoints,
} from './platforms/index.ts'
import { problemEndpoints } from './problems/index.ts'
import { projectEndpoints } from './projects/index.ts'
import { providerEndpoints } from './providers/index.ts'
import { receiptEndpoints } from './receipts/index.ts'
import { taskEndpoints } from './tasks/index.ts'
import { tenantEndpoints } from './tenants/index.ts'
import { ticketEndpoints } from './tickets/index.ts'

export const endpoints: readonly GantryEndpoint[] = [
  ...tenantEndpoints,
  ...projectEndpoints,
  ...ticketEndpoints,
  ...platformEndpoints,
  ...platformInsightEndpoints,
  ...platformLifeEndpoints,
  ...platformProblemEndpoints,
  ...platformRolloutEndpoints,
  ...platformRestEndpoints,
  ...calendarEndpoints,
  ...operationEndpoints,
  ...machineEndpoints,
  ...taskEndpoints,
  ...eventEndpoints,
  ...receiptEndpoints,
  ...blueprintEndpoints,
  ...providerEndpoints,
  ...hostEndpoints,
  ...maintenanceEndpoints,
  ...flavorEndpoints,
  ...imageEndpoints,
  ...installationEndpoints,
  ...backupEndpoints,
  ...problemEndpoints,
]

/** What openapi.yaml says of the API as a whole; the version is the installation's. */
export const apiInfo: Omit<ApiInfo, 'version'> = {
  description:
    'Gantry provisions whole application platforms from blueprints. Sizes are bytes, times RFC 3339 in UTC. Errors are RFC 9457 problems with a closed `code`, a `detail` and what to do `next`.',
  tags: {
    tenants: 'Who is kept apart from whom.',
    projects: 'Where platforms live, and what they may draw from the tickets of their tenant.',
    tickets: 'Limits granted to a tenant.',
    platforms: 'Instances of blueprints.',
    machines: 'The machines of platforms.',
    tasks: 'Requests as their senders see them.',
    events: 'Every change, in the order of commit.',
    receipts: 'What was deleted, and the observations that prove it gone.',
    blueprints: 'Descriptions of platforms.',
    providers: 'Where machines come from.',
    hosts: 'Capacity, as providers report it.',
    flavors: 'Sizes of machines.',
    images: 'Operating systems of machines.',
    installation: 'This Gantry itself.',
  },
}
