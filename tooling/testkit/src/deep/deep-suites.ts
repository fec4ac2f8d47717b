import type { SuiteEntry } from '../registry/suite-entry.js'
import { SUITES } from '../registry/suites.js'

/** Every suite of a deep run. */
export const DEEP_SUITES: readonly SuiteEntry[] = [
  ...SUITES,
  {
    name: 'seeded',
    group: 'seeded',
    isInstrumented: false,
    load: async () => (await import('../seeded/seeded-suite.js')).seededSuite,
  },
  {
    name: 'postgres-failures',
    group: 'servers',
    isInstrumented: false,
    load: async () => (await import('../cluster/postgres-failures.js')).postgresFailuresSuite,
  },
  {
    name: 'etcd-failures',
    group: 'cluster',
    isInstrumented: false,
    load: async () => (await import('./etcd-failures-suite.js')).etcdFailuresSuite,
  },
]
