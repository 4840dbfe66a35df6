import { expect, test } from 'vitest'
import { builtinEnvironment, builtinVariables, environmentName, refusedName } from './environment.ts'

test('an input is in UPPER_SNAKE in the environment, however it was written', () => {
  expect(['token', 'managerAddress', 'manager-address', 'http2Port', 'clusterID'].map(environmentName)).toEqual([
    'TOKEN',
    'MANAGER_ADDRESS',
    'MANAGER_ADDRESS',
    'HTTP2_PORT',
    'CLUSTER_ID',
  ])
})

test('no input can take the place of a variable of ours, of the shell or of the linker', () => {
  for (const name of [
    ...Object.keys(builtinVariables),
    'GANTRY_PREVIOUS_X',
    'PATH',
    'LD_PRELOAD',
    'BASH_ENV',
    'LC_ALL',
  ]) {
    expect(refusedName(name), name).not.toBeNull()
  }
  expect(refusedName('TOKEN')).toBeNull()
})

test('a script is told of its subject only when there is one', () => {
  const executor = { ref: 'manager-0@1', group: 'manager', ordinal: 0, address: '10.0.0.1', zone: 'a' }
  expect(builtinEnvironment('shop', executor, null)).toEqual({
    GANTRY_PLATFORM: 'shop',
    GANTRY_MEMBER: 'manager-0@1',
    GANTRY_GROUP: 'manager',
    GANTRY_ORDINAL: '0',
    GANTRY_ADDRESS: '10.0.0.1',
    GANTRY_ZONE: 'a',
  })
  expect(builtinEnvironment('shop', executor, { ref: 'worker-1@1', address: '', answers: false })).toMatchObject({
    GANTRY_SUBJECT: 'worker-1@1',
    GANTRY_SUBJECT_ADDRESS: '',
    GANTRY_SUBJECT_ANSWERS: 'false',
  })
})
