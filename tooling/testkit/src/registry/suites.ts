import type { DiskProfile } from '../drivers/crash-settings.js'
import type { IsolationSubject } from '../suite/isolation-subject.js'
import type { Subject } from '../suite/subject.js'
import type { Suite } from '../suite/suite.js'
import { asyncDatabaseSubject } from '../subjects/async-database-subject.js'
import {
  blobDatabaseSubject,
  databaseSubject,
  encryptedDatabaseSubject,
  lsmDatabaseSubject,
} from '../subjects/database-subject.js'
import { lsmStores } from '../subjects/lsm-stores.js'
import { treeStores } from '../subjects/tree-stores.js'
import { lsmSubject } from '../subjects/lsm-subject.js'
import { treeSubject } from '../subjects/tree-subject.js'
import { walSubject } from '../subjects/wal-subject.js'
import { GOLDEN_ENDINGS } from '../corruption/golden.js'
import { crashSuite, errorSuite, fullDeviceSuite, storesSuite } from './driver-suites.js'
import type { SuiteEntry } from './suite-entry.js'

const SUBJECTS: readonly Subject[] = [
  walSubject,
  treeSubject,
  lsmSubject,
  databaseSubject,
  lsmDatabaseSubject,
  blobDatabaseSubject,
  encryptedDatabaseSubject,
  asyncDatabaseSubject,
]
const PROFILES: readonly DiskProfile[] = ['powersafe', 'neighbours', 'lying']

/** Every suite but the one of seeded bugs, which runs these suites itself. */
export const SUITES: readonly SuiteEntry[] = [
  ...PROFILES.flatMap((profile) =>
    SUBJECTS.map((subject) => {
      const suffix = profile === 'powersafe' ? '' : `-${profile}`
      return entry('crash', `crash-${subject.name}${suffix}`, (name) => crashSuite(name, subject, profile))
    }),
  ),
  ...SUBJECTS.map((subject) => entry('error', `error-${subject.name}`, (name) => errorSuite(name, subject))),
  entry('error', 'full-device', () => fullDeviceSuite),
  entry('crash', 'changes', async () => (await import('../changes/change-crash-suite.js')).changeCrashSuite),
  entry('points', 'points', async () => (await import('../points/point-suite.js')).pointSuite),
  entry('kill', 'kill', async () => (await import('../kill/kill-suite.js')).killSuite),
  entry('outside', 'recorded', async () => (await import('../recorded/recorded-suite.js')).recordedSuite),
  entry('model', 'model-async', async () => (await import('../model/async-model-suite.js')).asyncModelSuite),
  entry('model', 'model', async () => (await import('../model/model-suite.js')).modelSuite),
  entry(
    'metamorphic',
    'metamorphic',
    async () => (await import('../metamorphic/metamorphic-suite.js')).metamorphicSuite,
  ),
  entry('corruption', 'corruption-closed', async (name) =>
    (await import('../corruption/corruption-suite.js')).corruptionSuite(name, ['closed']),
  ),
  entry('corruption', 'corruption-open', async (name) =>
    (await import('../corruption/corruption-suite.js')).corruptionSuite(name, ['open', 'cutting']),
  ),
  ...(['encrypted', 'lsm'] as const).map((kind) =>
    entry('corruption', `corruption-${kind}`, async (name) =>
      (await import('../corruption/corruption-suite.js')).corruptionSuite(name, GOLDEN_ENDINGS, kind),
    ),
  ),
  entry('corruption', 'corruption-units', async (name) =>
    (await import('../sweep/sweep-suite.js')).sweepSuite(name, 4),
  ),
  entry(
    'corruption',
    'foreign-files',
    async () => (await import('../corruption/foreign-suite.js')).foreignFilesSuite,
  ),
  {
    ...entry('fuzz', 'fuzz', async () => (await import('../fuzz/fuzz-suite.js')).fuzzSuite),
    isInstrumented: true,
  },
  entry('store', 'store-btree', (name) => storesSuite(name, treeStores)),
  entry('store', 'store-lsm', (name) => storesSuite(name, lsmStores)),
  entry('isolation', 'isolation-mvcc', async (name) =>
    (await import('../isolation/isolation-suite.js')).isolationParts(name, await managerTransactions()),
  ),
  entry('isolation', 'isolation-database', async (name) =>
    (await import('../isolation/isolation-suite.js')).isolationParts(name, await allTransactions()),
  ),
  entry('isolation', 'history-mvcc', async () =>
    (await import('../history-checker/history-suite.js')).historySuite(await managerTransactions()),
  ),
  entry(
    'isolation',
    'history-async',
    async () => (await import('../history-checker/async/suite.js')).asyncHistorySuite,
  ),
  entry('isolation', 'history-database', async () =>
    (await import('../history-checker/history-suite.js')).historySuite(await allTransactions()),
  ),
]

async function managerTransactions(): Promise<IsolationSubject> {
  return (await import('../subjects/transactions-subject.js')).transactionsSubject
}

async function allTransactions(): Promise<IsolationSubject> {
  return (await import('../subjects/database-transactions.js')).databaseTransactions
}

function entry(group: string, name: string, load: (name: string) => Suite | Promise<Suite>): SuiteEntry {
  return { name, group, isInstrumented: false, load: async () => load(name) }
}
