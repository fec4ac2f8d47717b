import type { Suite, SuiteCounts } from '../suite/suite.js'
import type { IsolationSubject } from '../suite/isolation-subject.js'
import { seededRandom } from '../base/test-random.js'
import { Violation } from '../base/violation.js'
import { checkSerializable } from './dependency-graph.js'
import { HistoryDriver } from './history-driver.js'
import type { HistorySettings } from './history-driver.js'
import { checkSnapshots } from './snapshot-check.js'
import { VersionTable } from './version-table.js'

/** Runs random concurrent transactions and checks each history against the guarantees of its isolation level. */
export function historySuite(subject: IsolationSubject): Suite {
  return {
    name: `history-${subject.name}`,
    runCase(seed: number): Promise<SuiteCounts> {
      return new Promise((resolve) => {
        resolve(runHistory(subject, seed))
      })
    },
  }
}

/** Runs and checks the history of a seed. @throws Violation */
export function runHistory(subject: IsolationSubject, seed: number): SuiteCounts {
  const random = seededRandom(seed)
  const settings: HistorySettings = {
    transactionCount: 1_000,
    openMax: random.pick([2, 3, 5, 8, 20]),
    keyCount: random.pick([4, 10, 30, 100]),
    level: random.pick(['serializable', 'serializable', 'snapshot']),
    stepCount: random.pick([2, 4, 8]),
  }
  const session = subject.open()
  try {
    const history = new HistoryDriver(session, random, settings).run()
    const table = new VersionTable(history)
    checkSnapshots(history, table)
    const edges = settings.level === 'serializable' ? checkSerializable(history, table) : 0
    const count = (outcome: string): number =>
      history.transactions.filter((transaction) => transaction.outcome === outcome).length
    return {
      histories: 1,
      transactions: history.transactions.length,
      committed: count('committed'),
      conflicts: count('conflict'),
      edges,
    }
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    throw new Violation(`seed ${seed}, ${JSON.stringify(settings)}: ${error.message}`, { cause: error })
  } finally {
    session.close()
  }
}
