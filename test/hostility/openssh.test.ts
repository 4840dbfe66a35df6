// All rules of Remote over the sshd, the sudo and the bash that machines have.

import { remoteConformance } from '../conformance/remote/suite.ts'
import { sshHarness } from './harness.ts'

remoteConformance('OpenSSH, as root', () => sshHarness())
remoteConformance('OpenSSH, with a login user and sudo', () => sshHarness({ user: 'debian' }))
