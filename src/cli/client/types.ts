// Short names for the API's own types.

import type { components } from '../api-types.ts'

type Schemas = components['schemas']
export type Blueprint = Schemas['Blueprint']
export type Event = Schemas['Event']
export type Explanation = Schemas['Explanation']
export type Host = Schemas['Host']
export type LogList = Schemas['LogList']

export type Machine = Schemas['Machine']
export type MachineSsh = Schemas['MachineSsh']
export type Maintenance = Schemas['Maintenance']
export type OperationPreview = Schemas['OperationPreview']
export type Platform = Schemas['Platform']
export type PlatformDifference = Schemas['PlatformDifference']
export type PlatformPreview = Schemas['PlatformPreview']
export type Project = Schemas['Project']
export type Provider = Schemas['Provider']
export type ProviderWeather = Schemas['ProviderWeather']
export type ProviderWeatherNow = Schemas['ProviderWeatherNow']
export type Revision = Schemas['Revision']
export type Receipt = Schemas['Receipt']
export type Step = Schemas['Step']
export type Task = Schemas['Task']
export type Tenant = Schemas['Tenant']
export type Ticket = Schemas['Ticket']
export type Transition = Schemas['Transition']
